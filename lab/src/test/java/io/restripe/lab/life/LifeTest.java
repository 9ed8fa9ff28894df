package io.restripe.lab.life;

import io.restripe.lab.crash.ReshapeCase;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lives of actors that are killed beside other faults. A failure names the command that shows it again. */
class LifeTest {
    /** Lives that something was wrong with once. */
    @ParameterizedTest
    @CsvSource({
        "GROW_RAID5_3_TO_4, 15", // a monitor died between the end of a reshape and the resync that was owed
        "CHUNK_RAID5_64K_TO_128K_REBUILT, 15",
        "GROW_RAID5_3_TO_4_SMALL_CHUNK, 1", // the record is left on one disk, and every look had to bear it out
        "CHUNK_RAID5_64K_TO_128K, 14", // a manager begins beside a disk that is dead
        "SMALL_GROW, 14", // a disk dies before the reshape begins, and takes the spare with it
        "GROW_RAID5_4_TO_6, 18", // and a manager that died left writes held
        "CHUNK_RAID5_64K_TO_128K_REBUILT, 470282", // copies of the record differed, the newer was lost
        "GROW_RAID5_4_TO_6, 500028", // a monitor died between the record of a rebuild and its begin
        "TWO_VOLUMES_RAID5_3_TO_4, 500020", // a monitor died before the array knew of a failure
        "TWO_VOLUMES_RAID5_3_TO_4, 29" // a manager died and left an array frozen
    })
    void a_life_that_was_wrong_once_is_right(ReshapeCase which, long seed) {
        System.out.println(which + " " + seed + ": " + new Life(which, seed).run());
    }

    @Test
    void lives_that_nobody_has_seen_before_lose_nothing() {
        long seed = ThreadLocalRandom.current().nextInt(1_000_000);
        for (ReshapeCase which : ReshapeCase.values()) {
            if (which.reshapes() && which.past() != ReshapeCase.Past.LOST_A_MEMBER) {
                System.out.println(which + " " + seed + ": " + new Life(which, seed).run());
            }
        }
    }
}
