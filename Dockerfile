# syntax=docker/dockerfile:1
#
# Kiln in a container: no build tools, not root.
#
#   docker build -t kiln:0.2.0 .
#   docker run --rm --gpus all kiln:0.2.0 doctor
#
# The bases are named by tag. To pin them, give the digests that `docker buildx imagetools inspect` shows:
#   --build-arg BUILD=debian:bookworm@sha256:… --build-arg RUNTIME=nvidia/cuda:13.0.0-base-ubuntu24.04@sha256:…
# The build's glibc must be no newer than the runtime's: Debian 12 has 2.36, Ubuntu 24.04 has 2.39.
ARG BUILD=debian:bookworm
ARG RUNTIME=nvidia/cuda:13.0.0-base-ubuntu24.04

# ---- Build ---------------------------------------------------------------------------------------

FROM ${BUILD} AS build
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends \
    binutils ca-certificates cmake default-jdk-headless g++ libdeflate-dev libgdal-dev libzstd-dev make maven \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /kiln
COPY . .
# Libraries are fetched once, whatever changes in the sources.
RUN --mount=type=cache,target=/root/.m2 ./kiln bundle --no-archive --out /bundle \
    && deploy/image/layers /bundle/kiln-*-linux-x86_64 /layers

# ---- What runs -----------------------------------------------------------------------------------

FROM ${RUNTIME}
# compute: libcuda. utility: nvidia-smi and NVML, for kiln doctor.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN groupadd --gid 10001 kiln && useradd --uid 10001 --gid kiln --create-home --shell /usr/sbin/nologin kiln \
    && install -d -o kiln -g kiln -m 1777 /scratch
# What changes least comes first: a change to Kiln's own code uploads the last layer alone.
COPY --from=build /layers/1-gpu /
COPY --from=build /layers/2-java /
COPY --from=build /layers/3-libraries /
COPY --from=build /layers/4-kiln /
ENV PATH=/opt/kiln/bin:$PATH KILN_MODEL_CACHE=/scratch/models
USER kiln
WORKDIR /home/kiln
HEALTHCHECK --interval=5m --timeout=60s --start-period=2m --retries=3 CMD ["kiln", "doctor"]
ENTRYPOINT ["kiln"]
CMD ["--help"]
