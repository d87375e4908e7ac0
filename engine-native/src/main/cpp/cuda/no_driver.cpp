// Empty: a library with the name of NVIDIA's driver, for machines without one (dev.kiln.cuda.CudaDriver).
