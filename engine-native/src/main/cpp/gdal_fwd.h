/*
 * Replaces a header that later releases of GDAL have, in which they declare their handles. In earlier releases gdal.h
 * and ogr_srs_api.h declare them.
 */
#pragma once
