//! The unit of a reading.

use core::fmt;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::sdr::UnitCode;

/// How the raw byte of a reading is a number. IPMI v2.0 §43.1, byte 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnalogFormat {
    /// 0 to 255.
    Unsigned,
    /// -127 to 127, with two zeros.
    OnesComplement,
    /// -128 to 127.
    TwosComplement,
    /// The sensor has no analogue reading.
    None,
}

impl AnalogFormat {
    /// The number that `raw` is.
    #[must_use]
    pub const fn number(self, raw: u8) -> Option<i16> {
        let signed = i8::from_le_bytes([raw]) as i16;
        Some(match self {
            Self::Unsigned => raw as i16,
            Self::OnesComplement if signed < 0 => signed.saturating_add(1),
            Self::OnesComplement | Self::TwosComplement => signed,
            Self::None => return None,
        })
    }

    /// The smallest and the largest number.
    #[must_use]
    pub const fn range(self) -> Option<(i16, i16)> {
        match self {
            Self::Unsigned => Some((0, 255)),
            Self::OnesComplement => Some((-127, 127)),
            Self::TwosComplement => Some((-128, 127)),
            Self::None => None,
        }
    }

    /// The raw byte of `number`, or of the nearest number in range.
    #[must_use]
    pub fn raw(self, number: i16) -> Option<u8> {
        let (min, max) = self.range()?;
        let number = number.clamp(min, max);
        let below_zero = self == Self::OnesComplement && number < 0;
        // In range of a byte by the clamp; the low byte of the two's complement is the raw byte.
        let [low, _] = number.saturating_sub(i16::from(below_zero)).to_le_bytes();
        Some(low)
    }
}

/// "Per unit of time". IPMI v2.0 §43.1, byte 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateUnit {
    /// No rate.
    None,
    /// Per microsecond.
    Microsecond,
    /// Per millisecond.
    Millisecond,
    /// Per second.
    Second,
    /// Per minute.
    Minute,
    /// Per hour.
    Hour,
    /// Per day.
    Day,
    /// Number 7.
    Reserved,
}

impl RateUnit {
    /// In words, empty for no rate.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None | Self::Reserved => "",
            Self::Microsecond => "per microsecond",
            Self::Millisecond => "per millisecond",
            Self::Second => "per second",
            Self::Minute => "per minute",
            Self::Hour => "per hour",
            Self::Day => "per day",
        }
    }

    const fn symbol(self) -> &'static str {
        match self {
            Self::None | Self::Reserved => "",
            Self::Microsecond => "/µs",
            Self::Millisecond => "/ms",
            Self::Second => "/s",
            Self::Minute => "/min",
            Self::Hour => "/h",
            Self::Day => "/d",
        }
    }
}

/// What the modifier unit is for. IPMI v2.0 §43.1, byte 21.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModifierUse {
    /// Nothing.
    None,
    /// The unit is base per modifier.
    Divide,
    /// The unit is base times modifier.
    Multiply,
    /// Number 3.
    Reserved,
}

/// The unit of a reading: three bytes. IPMI v2.0 §43.1, bytes 21 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Units {
    /// How the raw byte is a number.
    pub analog_format: AnalogFormat,
    /// Per unit of time.
    pub rate: RateUnit,
    /// What `modifier` is for.
    pub modifier_use: ModifierUse,
    /// Whether the value is a percentage (of the base unit, if there is one).
    pub percentage: bool,
    /// Base unit.
    pub base: UnitCode,
    /// Modifier unit.
    pub modifier: UnitCode,
}

impl Units {
    /// Of a sensor without analogue reading.
    pub const DISCRETE: Self = Self::plain(AnalogFormat::None, UnitCode::UNSPECIFIED);

    /// A base unit and nothing else.
    #[must_use]
    pub const fn plain(analog_format: AnalogFormat, base: UnitCode) -> Self {
        Self {
            analog_format,
            rate: RateUnit::None,
            modifier_use: ModifierUse::None,
            percentage: false,
            base,
            modifier: UnitCode::UNSPECIFIED,
        }
    }

    /// In words, with the rate: `degrees C`, `percent`, `error per hour`, `Watts*hour`.
    #[must_use]
    pub fn words(&self) -> String {
        let text = self.clean().to_string();
        match self.rate() {
            RateUnit::None => text,
            rate => format!("{text} {}", rate.text()),
        }
    }

    /// In symbols, with the rate: `°C`, `%`, `errors/h`, `W·h`. Empty if unspecified.
    #[must_use]
    pub fn symbol(&self) -> String {
        let (base, modifier) = (self.base.symbol(), self.modifier.symbol());
        let rate = self.rate().symbol();
        let percent = if self.percentage { "%" } else { "" };
        let space = if self.percentage && !base.is_empty() { " " } else { "" };
        match self.clean().modifier_use {
            ModifierUse::Divide => format!("{percent}{space}{base}/{modifier}{rate}"),
            ModifierUse::Multiply => format!("{percent}{space}{base}·{modifier}{rate}"),
            _ => format!("{percent}{space}{base}{rate}"),
        }
    }

    /// Without a modifier that modifies by nothing: "some vendors messed up", says FreeIPMI
    /// (`ipmi_sensor_units_string`).
    const fn clean(&self) -> Self {
        let modifier_use = match self.modifier_use {
            ModifierUse::Divide | ModifierUse::Multiply if self.modifier.0 != 0 => {
                self.modifier_use
            }
            _ => ModifierUse::None,
        };
        Self { modifier_use, ..*self }
    }

    /// The rate, unless it says what the unit says already: RPM per minute is RPM (FreeIPMI, the
    /// same place).
    const fn rate(&self) -> RateUnit {
        match (self.rate, self.base) {
            (RateUnit::Reserved, _) | (RateUnit::Minute, UnitCode::RPM | UnitCode::CFM) => {
                RateUnit::None
            }
            (rate, _) => rate,
        }
    }
}

/// As ipmitool writes it, which leaves the rate out: `degrees C`, `percent`, `Watts*hour`.
impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = if self.percentage { "% " } else { "" };
        let (base, modifier) = (self.base.name(), self.modifier.name());
        match self.modifier_use {
            ModifierUse::Multiply => f.pad(&format!("{percent}{base}*{modifier}")),
            ModifierUse::Divide => f.pad(&format!("{percent}{base}/{modifier}")),
            _ if self.percentage && self.base == UnitCode::UNSPECIFIED => f.pad("percent"),
            _ => f.pad(&format!("{percent}{base}")),
        }
    }
}

impl Encode for Units {
    fn encode(&self, out: &mut Vec<u8>) {
        let format = match self.analog_format {
            AnalogFormat::Unsigned => 0,
            AnalogFormat::OnesComplement => 0x40,
            AnalogFormat::TwosComplement => 0x80,
            AnalogFormat::None => 0xc0,
        };
        let rate: u8 = match self.rate {
            RateUnit::None => 0,
            RateUnit::Microsecond => 1,
            RateUnit::Millisecond => 2,
            RateUnit::Second => 3,
            RateUnit::Minute => 4,
            RateUnit::Hour => 5,
            RateUnit::Day => 6,
            RateUnit::Reserved => 7,
        };
        let modifier: u8 = match self.modifier_use {
            ModifierUse::None => 0,
            ModifierUse::Divide => 1,
            ModifierUse::Multiply => 2,
            ModifierUse::Reserved => 3,
        };
        let first = format | (rate << 3) | (modifier << 1) | u8::from(self.percentage);
        out.extend([first, self.base.0, self.modifier.0]);
    }
}

impl Decode for Units {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = r.u8("sensor units 1")?;
        Ok(Self {
            analog_format: match first >> 6 {
                0 => AnalogFormat::Unsigned,
                1 => AnalogFormat::OnesComplement,
                2 => AnalogFormat::TwosComplement,
                _ => AnalogFormat::None,
            },
            rate: match (first >> 3) & 7 {
                0 => RateUnit::None,
                1 => RateUnit::Microsecond,
                2 => RateUnit::Millisecond,
                3 => RateUnit::Second,
                4 => RateUnit::Minute,
                5 => RateUnit::Hour,
                6 => RateUnit::Day,
                _ => RateUnit::Reserved,
            },
            modifier_use: match (first >> 1) & 3 {
                0 => ModifierUse::None,
                1 => ModifierUse::Divide,
                2 => ModifierUse::Multiply,
                _ => ModifierUse::Reserved,
            },
            percentage: first & 1 != 0,
            base: UnitCode(r.u8("sensor units 2, base unit")?),
            modifier: UnitCode(r.u8("sensor units 3, modifier unit")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_survives() {
        for first in 0..=0xff {
            let bytes = [first, 0x12, 0x16];
            assert_eq!(Units::decode_exact(&bytes).unwrap().to_bytes(), bytes);
        }
    }

    #[test]
    fn texts_are_those_of_ipmitool() {
        let text = |bytes: [u8; 3]| Units::decode_exact(&bytes).unwrap().to_string();
        assert_eq!(text([0x80, 1, 0]), "degrees C");
        assert_eq!(text([0x01, 0, 0]), "percent");
        assert_eq!(text([0x01, 18, 0]), "% RPM");
        assert_eq!(text([0x04, 6, 24]), "Watts*hour");
        assert_eq!(text([0x02, 6, 24]), "Watts/hour");
        assert_eq!(text([0x00, 93, 0]), "invalid");
    }

    #[test]
    fn rates_and_modifiers_are_told() {
        let both = |bytes: [u8; 3]| {
            let units = Units::decode_exact(&bytes).unwrap();
            (units.words(), units.symbol())
        };
        let expect = |bytes, words: &str, symbol: &str| {
            assert_eq!(both(bytes), (words.to_owned(), symbol.to_owned()));
        };
        expect([0x80, 1, 0], "degrees C", "°C");
        expect([0x01, 0, 0], "percent", "%");
        expect([0x01, 18, 0], "% RPM", "% RPM");
        expect([0x04, 6, 24], "Watts*hour", "W·h");
        expect([0x02, 70, 22], "byte/second", "B/s");
        expect([0x18, 70, 0], "byte per second", "B/s");
        expect([0x28, 88, 0], "error per hour", "errors/h");
        // Said twice, or by nothing.
        expect([0x20, 18, 0], "RPM", "RPM");
        expect([0x02, 18, 0], "RPM", "RPM");
        expect([0x00, 0, 0], "unspecified", "");
    }

    #[test]
    fn raw_bytes_and_numbers_go_both_ways() {
        let formats =
            [AnalogFormat::Unsigned, AnalogFormat::OnesComplement, AnalogFormat::TwosComplement];
        for format in formats {
            for raw in 0..=0xffu8 {
                let back = format.raw(format.number(raw).unwrap()).unwrap();
                // The one exception: ones' complement has a second zero.
                assert!(back == raw || (format, raw, back) == (formats[1], 0xff, 0));
            }
        }
        assert_eq!(AnalogFormat::OnesComplement.number(0x80), Some(-127));
        assert_eq!(AnalogFormat::TwosComplement.number(0x80), Some(-128));
        assert_eq!(AnalogFormat::TwosComplement.raw(-999), Some(0x80));
        assert_eq!(AnalogFormat::Unsigned.raw(999), Some(0xff));
        assert_eq!(AnalogFormat::None.number(1), None);
    }
}
