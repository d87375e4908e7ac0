// Constants that Kiln's Java, C++ and CUDA code share. dev.kiln.type.NativeTypesTest checks that Java agrees.
// NVRTC, which resolves no includes, gets this text in front of the device code (dev.kiln.cuda.DeviceCode), so it
// includes nothing itself.
#ifndef KILN_TYPES_H
#define KILN_TYPES_H

// Edge of a patch in pixels: dev.kiln.type.Patch.SIZE.
#define KILN_PATCH_SIZE 8

// Type of one stored pixel: dev.kiln.type.PixelType.
enum kiln_pixel_type { KILN_UINT8 = 0, KILN_UINT16 = 1, KILN_INT16 = 2, KILN_FLOAT32 = 3 };

#endif
