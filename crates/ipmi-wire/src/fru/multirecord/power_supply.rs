//! Multirecord 00h: what a power supply can do.

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// A power supply. FRU Definition §18.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PowerSupply {
    /// Watts in all, 12 bits.
    pub capacity: u16,
    /// Peak volt-amperes; FFFFh is not specified.
    pub peak_va: u16,
    /// Peak amperes at the start; FFh is not specified.
    pub inrush_current: u8,
    /// How long, in milliseconds; 0 without an inrush current.
    pub inrush_interval: u8,
    /// Lowest and highest input voltage, in 10 mV.
    pub input_voltage_1: (u16, u16),
    /// The second range, if the supply has one: else zeros.
    pub input_voltage_2: (u16, u16),
    /// Lowest and highest input frequency, in hertz; zeros for direct current.
    pub input_frequency: (u8, u8),
    /// How many milliseconds without input it bears.
    pub dropout_tolerance: u8,
    /// The top three bits are reserved.
    pub flags: PowerSupplyFlags,
    /// Peak watts, 12 bits.
    pub peak_capacity: u16,
    /// How many seconds it can hold the peak, 4 bits.
    pub hold_up_time: u8,
    /// Codes of the two outputs that share a limit, 4 bits each: 0 is 12 V, 1 is -12 V, 2 is 5 V,
    /// 3 is 3.3 V. The first one's first.
    pub combined_outputs: (u8, u8),
    /// Their limit in watts; 0 if there is none.
    pub combined_capacity: u16,
    /// Revolutions per second below which the fan is about to fail.
    pub fan_threshold: u8,
}

/// What else a [`PowerSupply`] can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PowerSupplyFlags {
    /// It tells when it is about to fail.
    pub predictive_fail: bool,
    /// It corrects its power factor.
    pub power_factor_correction: bool,
    /// It changes between the input ranges by itself.
    pub autoswitch: bool,
    /// It can be changed while the machine runs.
    pub hot_swap: bool,
    /// With a tachometer: two pulses per turn, not one. Without: a failure is signalled by a
    /// high level, not a low one.
    pub two_pulses: bool,
}

impl Encode for PowerSupply {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.capacity & 0x0fff).to_le_bytes());
        out.extend(self.peak_va.to_le_bytes());
        out.extend([self.inrush_current, self.inrush_interval]);
        for (low, high) in [self.input_voltage_1, self.input_voltage_2] {
            out.extend(low.to_le_bytes());
            out.extend(high.to_le_bytes());
        }
        let flags = &self.flags;
        out.extend([self.input_frequency.0, self.input_frequency.1, self.dropout_tolerance]);
        out.push(
            u8::from(flags.predictive_fail)
                | (u8::from(flags.power_factor_correction) << 1)
                | (u8::from(flags.autoswitch) << 2)
                | (u8::from(flags.hot_swap) << 3)
                | (u8::from(flags.two_pulses) << 4),
        );
        let peak = (self.peak_capacity & 0x0fff) | (u16::from(self.hold_up_time & 0x0f) << 12);
        out.extend(peak.to_le_bytes());
        let (first, second) = self.combined_outputs;
        out.push(((first & 0x0f) << 4) | (second & 0x0f));
        out.extend(self.combined_capacity.to_le_bytes());
        out.push(self.fan_threshold);
    }
}

impl Decode for PowerSupply {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let capacity = r.u16("overall capacity")? & 0x0fff;
        let peak_va = r.u16("peak VA")?;
        let inrush_current = r.u8("inrush current")?;
        let inrush_interval = r.u8("inrush interval")?;
        let input_voltage_1 = (r.u16("low input voltage 1")?, r.u16("high input voltage 1")?);
        let input_voltage_2 = (r.u16("low input voltage 2")?, r.u16("high input voltage 2")?);
        let input_frequency = (r.u8("low input frequency")?, r.u8("high input frequency")?);
        let dropout_tolerance = r.u8("dropout tolerance")?;
        let flags = r.u8("binary flags")?;
        let peak = r.u16("peak wattage")?;
        let [hold, _] = (peak >> 12).to_le_bytes();
        let combined = r.u8("combined wattage voltages")?;
        Ok(Self {
            capacity,
            peak_va,
            inrush_current,
            inrush_interval,
            input_voltage_1,
            input_voltage_2,
            input_frequency,
            dropout_tolerance,
            flags: PowerSupplyFlags {
                predictive_fail: flags & 0x01 != 0,
                power_factor_correction: flags & 0x02 != 0,
                autoswitch: flags & 0x04 != 0,
                hot_swap: flags & 0x08 != 0,
                two_pulses: flags & 0x10 != 0,
            },
            peak_capacity: peak & 0x0fff,
            hold_up_time: hold,
            combined_outputs: (combined >> 4, combined & 0x0f),
            combined_capacity: r.u16("combined wattage")?,
            fan_threshold: r.u8("predictive fail tachometer threshold")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_where_the_definition_has_it() {
        // By hand from §18.1: 550 W, 100-240 V, 47-63 Hz, 12 ms, hot-swap with PFC.
        let bytes = [
            0x26, 0x02, 0x58, 0x02, 0x23, 0x05, 0x10, 0x27, 0xc0, 0x5d, 0x00, 0x00, 0x00, 0x00,
            0x2f, 0x3f, 0x0c, 0x1a, 0x58, 0xa2, 0x23, 0x64, 0x00, 0x0a,
        ];
        let supply = PowerSupply::decode_exact(&bytes).unwrap();
        assert_eq!((supply.capacity, supply.peak_va), (550, 600));
        assert_eq!(supply.input_voltage_1, (10_000, 24_000));
        assert_eq!((supply.input_frequency, supply.dropout_tolerance), ((47, 63), 12));
        let flags = PowerSupplyFlags {
            power_factor_correction: true,
            hot_swap: true,
            two_pulses: true,
            ..PowerSupplyFlags::default()
        };
        assert_eq!(supply.flags, flags);
        assert_eq!((supply.peak_capacity, supply.hold_up_time), (600, 10));
        assert_eq!((supply.combined_outputs, supply.combined_capacity), ((2, 3), 100));
        assert_eq!(supply.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(PowerSupply::decode_exact(&bytes[..length]).is_err());
        }
    }
}
