package dev.kiln.run;

/**
 * A scene that is to be embedded.
 *
 * @param sceneKey its line in the scene list
 * @param outputKey key of its file in the output
 */
record PendingScene(String sceneKey, String outputKey) {}
