package io.restripe.lab.kernel;

/** Who begins, who goes on after the first power failure, who after the second one. */
enum Direction {
    MDADM_WE("mdadm, we"),
    WE_MDADM("we, mdadm"),
    MDADM_WE_MDADM("mdadm, we, mdadm"),
    WE_MDADM_WE("we, mdadm, we"),
    /** Tells whether a state is one that mdadm itself can go on from. */
    MDADM_MDADM("mdadm, mdadm");

    final String words;

    Direction(String words) {
        this.words = words;
    }

    boolean mdadmBegins() {
        return this != WE_MDADM && this != WE_MDADM_WE;
    }

    /** Whether what happens is our business. */
    boolean isOurs() {
        return this != MDADM_MDADM;
    }
}
