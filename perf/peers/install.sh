#!/bin/sh
# Installs what the comparison measures against (Debian or Ubuntu, as root): OpenBLAS, oneDNN, numpy and PyTorch. Nothing of the engine needs them.
set -eu

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libopenblas0-pthread python3-numpy python3-torch
# The package of oneDNN is named after its major version.
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libdnnl3 || DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libdnnl2

/usr/bin/python3 -c 'import torch; print("PyTorch", torch.__version__)'
ldconfig -p | grep -E 'libopenblas|libdnnl' || true
