//! The power supply that the machines here have in common.

use ipmi_wire::fru::{PowerSupply, PowerSupplyFlags};

/// A supply of 750 W for the mains of anywhere.
pub(super) const fn supply_750() -> PowerSupply {
    PowerSupply {
        capacity: 750,
        peak_va: 850,
        inrush_current: 30,
        inrush_interval: 5,
        input_voltage_1: (9_000, 14_000),
        input_voltage_2: (18_000, 26_400),
        input_frequency: (47, 63),
        dropout_tolerance: 20,
        flags: PowerSupplyFlags {
            predictive_fail: true,
            power_factor_correction: true,
            autoswitch: true,
            hot_swap: true,
            two_pulses: false,
        },
        peak_capacity: 800,
        hold_up_time: 10,
        combined_outputs: (0, 0),
        combined_capacity: 0,
        fan_threshold: 0,
    }
}
