"""`python -m mnist_trainer` is `mnist-train`."""

from mnist_trainer.cli.main import main

if __name__ == "__main__":
    main(prog_name="mnist-train")
