/*
 * The drivers that Kiln registers. GDAL's gdal_frmts.h declares every driver that ever existed, including some that
 * the installed library was built without.
 */
#pragma once

#include "gdal_frmts.h"

void GDALRegister_GTiff(void);
void GDALRegister_COG(void);
void GDALRegister_MEM(void);
