package dev.kiln.sample;

/**
 * What makes one countryside look different from another.
 *
 * @param parcel side of a field, metres
 * @param disorder how irregular fields are: 0 for a surveyed grid, 1 for grown ones
 * @param spots size of better and worse places within a field, metres
 * @param hills distance from hill to hill, metres
 * @param lakes height that water fills the hollows to: 0 floods half the land, -1 next to nothing
 * @param valley distance between rivers, metres
 * @param river width of a river, metres; 0 for none
 * @param forest 0 covers half the land, -1 next to nothing
 * @param towns 0 builds over half the land, -1 next to nothing
 * @param drought 0 where everything is green, 1 where little is
 * @param pivots share of fields watered in circles
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
