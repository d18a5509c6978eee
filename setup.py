"""Packaging of tfelc; exact versions of a tested set are in constraints.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "tfelc/__init__.py").read_text())

setup(
    name="tfelc",
    version=VERSION.group(1),
    description="Multi-task ranking with end-to-end learnable clusters (ELCRec), in TensorFlow and Keras",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["tfelc", "tfelc.*"]),
    package_data={
        "tfelc": ["py.typed", *(f"**/*.{end}" for end in ("yaml", "html", "css", "js", "proto", "txt", "properties"))]
    },
    entry_points={"console_scripts": ["tfelc = tfelc.commands.main:main"]},
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "tensorflow-recommenders>=0.7.7,<0.8",
        "tf-keras>=2.21,<2.22",
        "tensorflow-serving-api>=2.21,<2.22",
        "numpy>=2.0",
        "pandas>=2.2",
        "scipy>=1.13",
        "pyarrow>=20,<26",
        "duckdb>=2.0,<3",
        "fsspec>=2024.2",
        "protobuf>=6.31.1,<7",
        "pydantic>=2.10,<3",
        "typer>=0.15",
        "rich>=13.9",
        "PyYAML>=6.0",
        "scikit-learn>=1.5",
        "threadpoolctl>=3.1",
        "matplotlib>=3.9",
        "tensorboard>=2.20",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "jax": ["jax>=0.6,<0.11"],
        "delta": ["deltalake>=1.6,<2"],
        "iceberg": ["pyiceberg[pyarrow]>=0.12,<0.13"],
        "spark": ["pyspark>=4.3,<5"],
        "serving": [
            "starlette>=0.40",
            "uvicorn>=0.32",
            "httptools>=0.6",
            "uvloop>=0.21",
            "httpcore>=1.0",
            "grpcio>=1.66",
            "grpcio-health-checking>=1.66",
            "python-rapidjson>=1.20",
            "prometheus-client>=0.21",
        ],
        "search": ["optuna>=5.0,<6"],
        "trees": ["lightgbm>=4.6,<5", "optuna>=5.0,<6"],
        "notebooks": ["httpx>=0.27", "jupytext>=1.16", "nbclient>=0.10", "ipykernel>=6.29"],
        "dev": [
            "deltalake>=1.6,<2",
            "pyiceberg[pyarrow,sql-sqlite]>=0.12,<0.13",
            "pyspark>=4.3,<5",
            "pytest>=8",
            "pytest-xdist>=3.7",
            "httpx>=0.27",
            "jax>=0.6,<0.11",
            "hypothesis>=6.100",
            "optuna>=5.0,<6",
            "lightgbm>=4.6,<5",
            "jupytext>=1.16",
            "nbclient>=0.10",
            "ipykernel>=6.29",
            "mypy>=1.13",
            "ruff>=0.8",
            "pandas-stubs",
            "types-PyYAML",
            "types-protobuf<7",
            "types-grpcio",
        ],
    },
)
