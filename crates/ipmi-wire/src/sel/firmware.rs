//! The codes of system firmware errors and progress. IPMI v2.0 §42.2, Table 42-3, sensor type 0Fh.

/// What went wrong: event data 2 of offset 0.
pub(super) fn error(code: u8) -> Option<&'static str> {
    ERRORS.get(usize::from(code)).copied()
}

/// How far the firmware came, or where it hangs: event data 2 of offsets 1 and 2.
pub(super) fn progress(code: u8) -> Option<&'static str> {
    PROGRESS.get(usize::from(code)).copied().filter(|text| !text.is_empty())
}

const ERRORS: [&str; 14] = [
    "unspecified",
    "no system memory installed",
    "no usable system memory",
    "hard disk or ATAPI device failure",
    "system board failure",
    "diskette subsystem failure",
    "hard disk controller failure",
    "keyboard failure",
    "no removable boot media",
    "video controller failure",
    "no video device",
    "firmware ROM corrupted",
    "CPU voltage mismatch",
    "CPU speed mismatch",
];

const PROGRESS: [&str; 26] = [
    "unspecified",
    "memory initialization",
    "hard disk initialization",
    "secondary processor initialization",
    "user authentication",
    "user-initiated setup",
    "USB resource configuration",
    "PCI resource configuration",
    "option ROM initialization",
    "video initialization",
    "cache initialization",
    "SM Bus initialization",
    "keyboard controller initialization",
    "management controller initialization",
    "docking station attachment",
    "docking station enabling",
    "docking station ejection",
    "docking station disabling",
    "calling OS wake-up vector",
    "starting OS boot",
    "baseboard initialization",
    "",
    "floppy initialization",
    "keyboard test",
    "pointing device test",
    "primary processor initialization",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_at_their_numbers() {
        assert_eq!(error(0x0d), Some("CPU speed mismatch"));
        assert_eq!((error(0x0e), progress(0x15), progress(0x1a)), (None, None, None));
        assert_eq!(progress(0x13), Some("starting OS boot"));
        assert_eq!(progress(0x19), Some("primary processor initialization"));
    }
}
