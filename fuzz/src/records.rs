//! Records of a BMC's repositories, and texts that people write.

use std::path::Path;

use ipmi_wire::cmd::app::CipherSuiteRecord;
use ipmi_wire::fru::{Area, Fru};
use ipmi_wire::sdr::Record;
use ipmi_wire::sel::{SelRecord, describe_event, state_severity};
use ipmi_wire::vendor::{Decoder, panics, vendors};
use ipmi_wire::{Decode as _, Reader};
use lantern_bmcd::Config;
use lantern_bmcd::control::protocol::Request;
use lantern_bmcd::platform::qemu::qmp;
use lantern_config::{File, Layer};

/// A Sensor Data Record: decodes, encodes, and converts any reading without a panic.
pub fn sdr(data: &[u8]) {
    let Ok(record) = Record::decode(data) else { return };
    let bytes = record.to_bytes();
    let again = Record::decode(&bytes);
    assert_eq!(again.as_ref().map(Record::to_bytes), Ok(bytes), "{record:?}");
    let _ = format!("{:?} {:?}", record, record.name().map(ToString::to_string));
    assert_eq!(record.sensors().first().map(|sensor| sensor.key), record.key(), "{record:?}");
    if let Some((kind, event)) = record.sensor_types() {
        let _ = state_severity(kind, event, u16::MAX);
    }
    if let Record::Full(full) = &record {
        let _ = (full.sensor.units.words(), full.sensor.units.symbol());
        for raw in 0..=255 {
            if let Some(value) = full.value(raw) {
                let _ = full.raw(value);
            }
            let format = full.sensor.units.analog_format;
            let _ = (full.hysteresis(raw), full.factors.hysteresis_at(raw, 2, true, format));
        }
    }
}

/// An event: decodes, encodes, and is put into words.
pub fn event(data: &[u8]) {
    crate::round_trip::<SelRecord>(data);
    if let Ok(record) = SelRecord::decode(&mut Reader::new(data)) {
        let _ = (record.id(), record.timestamp(), record.severity());
        if let SelRecord::System { sensor_type, event_type, data, .. } = record {
            let _ = describe_event(sensor_type, event_type, data);
        }
    }
}

/// An event, and the states of its sensor, as the maker of the BMC means them: by two bytes of the
/// input, any of those whose tables there are, and any product.
pub fn vendor(data: &[u8]) {
    let [maker, low, high, record @ ..] = data else { return };
    let mut makers = Vec::new();
    for vendor in vendors() {
        makers.extend(vendor.makers().iter().map(|maker| maker.0));
    }
    let maker = makers.get(usize::from(*maker)).copied().unwrap_or(u32::from(*maker));
    let decoder = Decoder::new(maker, u16::from_le_bytes([*low, *high]));
    let Ok(record) = SelRecord::decode(&mut Reader::new(record)) else { return };
    if let Some(decoded) = decoder.record(&record) {
        assert!(!decoded.text().is_empty() && !decoded.sources.is_empty(), "{record:?}");
    }
    if let SelRecord::System { sensor_type, event_type, sensor_number, data, .. } = record {
        let states = u16::from_le_bytes([data[1], data[2]]);
        let _ = decoder.states(sensor_type, event_type, sensor_number, states);
        let _ = decoder.sensor_type(sensor_type);
    }
    let _ = panics(&[record]);
}

/// FRU information: unchanged, it is written as it was; an edit changes what it says and nothing
/// else; mended, its fields are the same.
pub fn fru(data: &[u8]) {
    let Ok((mut fru, faults)) = Fru::decode(data) else { return };
    let _ = format!("{fru:?} {faults:?}");
    assert_eq!(fru.encode(Some(data.len())).as_deref(), Ok(data));
    for record in fru.multirecords.iter().flat_map(|area| &area.records) {
        let _ = format!("{:?} {}", record.content(), record.type_name());
    }
    for (area, index) in [(Area::Product, 5), (Area::Board, 2), (Area::Chassis, 1)] {
        let Ok(()) = fru.set_field(area, index, "lantern 0123456789") else { continue };
        assert_eq!(fru.text(area, index).as_deref(), Some("lantern 0123456789"));
        if let Ok(bytes) = fru.encode(None) {
            same_fru(&fru, &bytes);
            // Where records that cannot be told apart end, filling decides, which may move.
            if fru.multirecords.as_ref().is_none_or(|area| area.unreadable().is_empty()) {
                let again = Fru::decode(&bytes).map(|(again, _)| again.multirecords);
                assert_eq!(again.as_ref(), Ok(&fru.multirecords), "{fru:?}");
            }
        }
    }
    fru.mend();
    if let Ok(bytes) = fru.encode(None) {
        same_fru(&fru, &bytes);
    }
}

/// Insists that `bytes` say what `fru` says, up to the end of its internal use area, which only its
/// owner knows.
fn same_fru(fru: &Fru, bytes: &[u8]) {
    let again = Fru::decode(bytes).map(|(again, _)| again).unwrap_or_default();
    // An area that was cut off too early may make sense once something follows it.
    assert!(fru.chassis.is_none() || fru.chassis == again.chassis, "{fru:?} {again:?}");
    assert!(fru.board.is_none() || fru.board == again.board, "{fru:?} {again:?}");
    assert!(fru.product.is_none() || fru.product == again.product, "{fru:?} {again:?}");
    let filling = |byte: &u8| matches!(byte, 0x00 | 0xff);
    let used = |area: &Option<Vec<u8>>| -> Vec<u8> {
        let bytes = area.as_deref().unwrap_or_default();
        let filled = bytes.iter().rev().take_while(|byte| filling(byte)).count();
        bytes.iter().take(bytes.len() - filled).copied().collect()
    };
    assert_eq!(used(&again.internal_use), used(&fru.internal_use), "{fru:?}");
}

/// A list of cipher suite records: what is read can be written and is read alike.
pub fn cipher_suites(data: &[u8]) {
    let records = CipherSuiteRecord::parse_list(data);
    let bytes = CipherSuiteRecord::encode_list(&records);
    assert_eq!(CipherSuiteRecord::parse_list(&bytes), records);
}

/// A request at a control socket: refused with words, or understood again when it is written anew.
/// (Not the same: the last bit of a fraction may be another one.)
pub fn control(data: &[u8]) {
    match Request::parse(data) {
        Ok(request) => {
            let again = Request::parse(request.to_line().as_bytes()).unwrap();
            assert_eq!(again.operation.name(), request.operation.name());
            assert_eq!(again.bmc, request.bmc);
        }
        Err((_, refusal)) => assert!(!refusal.message.is_empty()),
    }
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

/// A user's `lantern.toml` and, after a line `---`, one that is found in a project: mistakes have
/// places inside the files, and the project changes nothing that the user's file has said.
pub fn console_config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (own, project) = text.split_once("\n---\n").unwrap_or((text, ""));
    let parse = |text: &str, layer| {
        let (file, mistakes) = File::parse(text, Path::new("lantern.toml"), layer);
        let lines = text.matches('\n').count() + 1;
        for mistake in &mistakes {
            assert!(mistake.place.is_none_or(|(line, _)| line <= lines), "{mistake}");
        }
        (file, mistakes.is_empty())
    };
    let (own, is_good) = parse(own, Layer::User);
    let (project, _) = parse(project, Layer::Project);
    let (alone, mistakes) = lantern_config::Config::merge(vec![own.clone()]);
    let (both, _) = lantern_config::Config::merge(vec![own, project]);
    assert_eq!(alone.defaults, both.defaults);
    assert_eq!(alone.credentials, both.credentials);
    if is_good && mistakes.is_empty() {
        for host in alone.hosts() {
            let name = host.pattern.as_str();
            assert_eq!(alone.of_host(name).entry, both.of_host(name).entry, "{name}");
        }
    }
    for host in both.hosts() {
        let _ = both.of_host(host.pattern.as_str()).entry.rows();
    }
}

/// What a QEMU's monitor says: the same, however it is cut.
pub fn qmp(data: &[u8]) {
    let whole = qmp::read_all([data]);
    let (first, second) = data.split_at(data.len() / 2);
    assert_eq!(qmp::read_all([first, second]), whole);
    assert_eq!(qmp::read_all(data.chunks(1)), whole);
}
