// Nothing: a library named like NVIDIA's driver, for machines that have none (dev.kiln.cuda.CudaDriver).
