//! `i2c` and `spd`.

use crate::pair::Pair;

#[test]
fn devices_on_a_bus_are_asked_alike() {
    for pair in [Pair::reference(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in [
            "i2c",
            "i2c help",
            "i2c 0xa0",
            "i2c 0xa0 4",
            "i2c bus=public 0xa0 4",
            "i2c bus=0 0xa0 4",
            "i2c bus=1 chan=2 0xa0 4 0x00",
            "i2c bus=x 0xa0 1",
            "i2c 0 4",
            "i2c x 4",
            "i2c 0xa0 x",
            "i2c 0xa0 65",
            "i2c 0xa0 4 x",
            "i2c 0xa0 0 1 2 3",
            "i2c bus=0 0xa0",
            "spd",
            "spd 0",
            "spd help",
            "spd 0 0xa0",
            "spd 0 0xa0 1 16",
            "spd x 0xa0",
            "spd 0 x",
        ] {
            pair.same(line);
        }
    }
}
