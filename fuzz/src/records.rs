//! Records of a BMC's repositories, and texts that people write.

use std::path::Path;

use ipmi_wire::cmd::app::CipherSuiteRecord;
use ipmi_wire::sdr::Record;
use lantern_bmcd::Config;

/// A Sensor Data Record: decodes, encodes, and converts any reading without a panic.
pub fn sdr(data: &[u8]) {
    let Ok(record) = Record::decode(data) else { return };
    let bytes = record.to_bytes();
    let again = Record::decode(&bytes);
    assert_eq!(again.as_ref().map(Record::to_bytes), Ok(bytes), "{record:?}");
    let _ = format!("{:?} {:?}", record, record.name().map(ToString::to_string));
    if let Record::Full(full) = &record {
        for raw in 0..=255 {
            if let Some(value) = full.value(raw) {
                let _ = full.raw(value);
            }
        }
    }
}

/// A list of cipher suite records: what is read can be written and is read alike.
pub fn cipher_suites(data: &[u8]) {
    let records = CipherSuiteRecord::parse_list(data);
    let bytes = CipherSuiteRecord::encode_list(&records);
    assert_eq!(CipherSuiteRecord::parse_list(&bytes), records);
}

/// A BMC's configuration file: accepted, or refused with a place inside the file.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = Config::parse(text, Path::new("bmc.toml"))
        && let Some((line, _)) = error.place
    {
        assert!(line <= text.matches('\n').count() + 1, "{error}");
    }
}
