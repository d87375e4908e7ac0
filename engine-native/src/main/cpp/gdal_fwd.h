/*
 * Stands in for a header of GDAL's own, in which later releases declare their handles and which earlier
 * ones do not have: there gdal.h and ogr_srs_api.h declare them.
 */
#pragma once
