package io.restripe.lab.life;

/** What befalls a life besides the kills and the weather. One of them a life, for more could lose data that nobody promised to keep. */
public enum Trouble {
    /** Nothing more. */
    NONE,
    /** The power fails, again and again, and so does the array's process. */
    POWER_CUTS,
    /** Sectors of one member cannot be read until they are written again. */
    MEDIA_ERRORS,
    /** One write to a member fails. */
    A_WRITE_FAILS,
    /** A write to a copy area fails: no room for a backup on that member. */
    A_BACKUP_FAILS,
    /** A member dies. */
    A_DISK_DIES
}
