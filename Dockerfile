# syntax=docker/dockerfile:1
#
# Kiln in a container: no build tools, not root.
#
#   docker build -t kiln:0.2.0 .
#   docker run --rm --gpus all kiln:0.2.0 doctor
#
# Without GPU libraries:
#   docker build -t kiln:0.2.0-cpu --build-arg BUNDLE_OPTIONS=--cpu --build-arg RUNTIME=debian:bookworm-slim .
#
# The base images have tags here; the release workflow pins them by digest:
#   --build-arg BUILD=debian:bookworm@sha256:… --build-arg RUNTIME=nvidia/cuda:13.0.0-base-ubuntu24.04@sha256:…
# The glibc of the build stage must not be newer than that of the runtime: Debian 12 has 2.36, Ubuntu 24.04 has 2.39.
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
# Empty, --cpu or --no-tensorrt.
ARG BUNDLE_OPTIONS=
# Maven downloads libraries once, whatever changes in the sources.
RUN --mount=type=cache,target=/root/.m2 ./kiln bundle --no-archive ${BUNDLE_OPTIONS} --out /bundle \
    && deploy/image/layers /bundle/kiln-*-linux-x86_64* /layers

# ---- Runtime -----------------------------------------------------------------------------------

FROM ${RUNTIME}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Kiln" \
      org.opencontainers.image.description="Turns imagery archives into Clay embeddings" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# compute: libcuda. utility: nvidia-smi and NVML, for kiln doctor.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
RUN groupadd --gid 10001 kiln && useradd --uid 10001 --gid kiln --create-home --shell /usr/sbin/nologin kiln \
    && install -d -o kiln -g kiln -m 1777 /scratch
# The layers that change least come first: a change to Kiln uploads only the last one.
COPY --from=build /layers/1-gpu /
COPY --from=build /layers/2-java /
COPY --from=build /layers/3-libraries /
COPY --from=build /layers/4-kiln /
ENV PATH=/opt/kiln/bin:$PATH KILN_MODEL_CACHE=/scratch/models
USER kiln
WORKDIR /home/kiln
# A health check would start a second JVM within the memory limit of the job. The exit code and the log report health.
HEALTHCHECK NONE
ENTRYPOINT ["kiln"]
CMD ["--help"]
