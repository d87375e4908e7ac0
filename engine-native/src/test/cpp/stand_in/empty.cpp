// The parts of cuDNN that its binding needs to load and Kiln does not call.
extern "C" int stand_in_part_of_cudnn() { return 9; }
