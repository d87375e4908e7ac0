package dev.kiln.sample;

/**
 * Parameters of a landscape.
 *
 * @param parcel side of a field in metres
 * @param disorder irregularity of fields: 0 for a surveyed grid, 1 for irregular fields
 * @param spots size of variations within a field in metres
 * @param hills distance between hills in metres
 * @param lakes water level: 0 floods half of the land, -1 almost nothing
 * @param valley distance between rivers in metres
 * @param river width of a river in metres; 0 for none
 * @param forest 0 covers half of the land, -1 almost nothing
 * @param towns 0 covers half of the land, -1 almost nothing
 * @param drought 0 for green, 1 for mostly dry land
 * @param pivots share of fields with centre-pivot irrigation
 */
record Region(
    double parcel,
    float disorder,
    double spots,
    double hills,
    float lakes,
    double valley,
    float river,
    float forest,
    float towns,
    float drought,
    float pivots) {}
