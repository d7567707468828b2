//! What a reading is counted in.

use core::fmt;

/// A unit. IPMI v2.0 §43.17, Table 43-15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitCode(pub u8);

#[allow(missing_docs, reason = "the names say it")]
impl UnitCode {
    pub const UNSPECIFIED: Self = Self(0);
    pub const DEGREES_C: Self = Self(1);
    pub const DEGREES_F: Self = Self(2);
    pub const DEGREES_K: Self = Self(3);
    pub const VOLTS: Self = Self(4);
    pub const AMPS: Self = Self(5);
    pub const WATTS: Self = Self(6);
    pub const JOULES: Self = Self(7);
    pub const VA: Self = Self(9);
    pub const CFM: Self = Self(17);
    pub const RPM: Self = Self(18);
    pub const HZ: Self = Self(19);
    pub const SECOND: Self = Self(22);
}

impl UnitCode {
    /// The word that ipmitool prints; `invalid` beyond the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or("invalid")
    }

    /// The usual symbol, or the word where there is none; empty for unspecified.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        SYMBOLS.get(usize::from(self.0)).copied().unwrap_or("invalid")
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[rustfmt::skip]
const NAMES: [&str; 93] = [
    // 0 to 9
    "unspecified", "degrees C", "degrees F", "degrees K", "Volts", "Amps", "Watts", "Joules",
    "Coulombs", "VA",
    // 10 to 19
    "Nits", "lumen", "lux", "Candela", "kPa", "PSI", "Newton", "CFM", "RPM", "Hz",
    // 20 to 29
    "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "mil", "inches",
    "feet",
    // 30 to 39
    "cu in", "cu feet", "mm", "cm", "m", "cu cm", "cu m", "liters", "fluid ounce", "radians",
    // 40 to 49
    "steradians", "revolutions", "cycles", "gravities", "ounce", "pound", "ft-lb", "oz-in",
    "gauss", "gilberts",
    // 50 to 59
    "henry", "millihenry", "farad", "microfarad", "ohms", "siemens", "mole", "becquerel", "PPM",
    "reserved",
    // 60 to 69
    "Decibels", "DbA", "DbC", "gray", "sievert", "color temp deg K", "bit", "kilobit", "megabit",
    "gigabit",
    // 70 to 79
    "byte", "kilobyte", "megabyte", "gigabyte", "word", "dword", "qword", "line", "hit", "miss",
    // 80 to 89
    "retry", "reset", "overflow", "underrun", "collision", "packets", "messages", "characters",
    "error", "correctable error",
    // 90 to 92
    "uncorrectable error", "fatal error", "grams",
];

// Where there is no symbol in use, the word.
#[rustfmt::skip]
const SYMBOLS: [&str; 93] = [
    // 0 to 9
    "", "°C", "°F", "K", "V", "A", "W", "J", "C", "VA",
    // 10 to 19
    "nt", "lm", "lx", "cd", "kPa", "psi", "N", "CFM", "RPM", "Hz",
    // 20 to 29
    "µs", "ms", "s", "min", "h", "d", "wk", "mil", "in", "ft",
    // 30 to 39
    "in³", "ft³", "mm", "cm", "m", "cm³", "m³", "l", "fl oz", "rad",
    // 40 to 49
    "sr", "rev", "cycles", "g", "oz", "lb", "ft-lb", "oz-in", "G", "Gb",
    // 50 to 59
    "H", "mH", "F", "µF", "Ω", "S", "mol", "Bq", "ppm", "reserved",
    // 60 to 69
    "dB", "dBA", "dBC", "Gy", "Sv", "K", "bit", "kbit", "Mbit", "Gbit",
    // 70 to 79
    "B", "kB", "MB", "GB", "words", "dwords", "qwords", "lines", "hits", "misses",
    // 80 to 89
    "retries", "resets", "overflows", "underruns", "collisions", "packets", "messages",
    "characters", "errors", "correctable errors",
    // 90 to 92
    "uncorrectable errors", "fatal errors", "g",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_symbols_go_together() {
        // Numbers from Table 43-15; a shifted line in either list would show.
        for (number, name, symbol) in [
            (1, "degrees C", "°C"),
            (6, "Watts", "W"),
            (19, "Hz", "Hz"),
            (22, "second", "s"),
            (37, "liters", "l"),
            (43, "gravities", "g"),
            (54, "ohms", "Ω"),
            (58, "PPM", "ppm"),
            (61, "DbA", "dBA"),
            (70, "byte", "B"),
            (78, "hit", "hits"),
            (92, "grams", "g"),
            (93, "invalid", "invalid"),
        ] {
            assert_eq!((UnitCode(number).name(), UnitCode(number).symbol()), (name, symbol));
        }
        assert!((1..=92).all(|number| !UnitCode(number).symbol().is_empty()));
    }
}
