/**
 * Shapes and places: levels, rotations, where each sector of an array lies on its members. Pure arithmetic, no state; start at {@link
 * io.restripe.geometry.Geometry}. Knows no disk, no metadata, no parity mathematics. docs/layouts.md.
 */
package io.restripe.geometry;
