/*
 * The drivers that Kiln registers, and the few functions that read vector files. GDAL's gdal_frmts.h declares every
 * driver that ever existed, including some that the installed library was built without; ogr_api.h declares far more
 * than Kiln calls, and ogrsf_frmts.h needs C++.
 */
#pragma once

#include "gdal_frmts.h"
#include "ogr_api.h"

CPL_C_START

void GDALRegister_GTiff(void);
void GDALRegister_COG(void);
void GDALRegister_MEM(void);
void GDALRegister_PNG(void);
void GDALRegister_JPEG(void);
void GDALRegister_VRT(void);

void RegisterOGRGeoJSON(void);
void RegisterOGRGeoPackage(void);
void RegisterOGRFlatGeobuf(void);
void RegisterOGRShape(void);

const char* OGR_L_GetName(OGRLayerH layer);
OGRSpatialReferenceH OGR_L_GetSpatialRef(OGRLayerH layer);
OGRFeatureH OGR_L_GetNextFeature(OGRLayerH layer);
OGRGeometryH OGR_F_GetGeometryRef(OGRFeatureH feature);
void OGR_F_Destroy(OGRFeatureH feature);
OGRGeometryH OGR_G_GetLinearGeometry(OGRGeometryH geometry, double maxAngle, char** options);
void OGR_G_DestroyGeometry(OGRGeometryH geometry);
int OGR_G_WkbSize(OGRGeometryH geometry);
int OGR_G_ExportToWkb(OGRGeometryH geometry, OGRwkbByteOrder order, unsigned char* wkb);

CPL_C_END
