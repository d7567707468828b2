use ipmi_bmc::faults::{Fault, FaultKind};
use serde_json::json;

use super::*;

fn parse(text: &str) -> Result<Request, (Value, Code)> {
    Request::parse(text.as_bytes()).map_err(|(id, refusal)| (id, refusal.code))
}

#[test]
fn every_operation_has_its_name() {
    for name in Operation::NAMES {
        // What is missing is told of the operation, so it is known.
        let told = Request::parse(json!({ "do": name }).to_string().as_bytes());
        match told {
            Ok(request) => assert_eq!(request.operation.name(), name),
            Err((_, refusal)) => {
                assert_eq!(refusal.code, Code::BadRequest, "{refusal}");
                assert!(
                    refusal.message.starts_with(&format!("{name}: missing field")),
                    "{refusal}"
                );
            }
        }
    }
}

#[test]
fn a_request_is_what_its_line_says() {
    let set = SensorSet {
        sensor: SensorName::Name("CPU1 Temp".into()),
        value: Some(91.5),
        states: None,
        unavailable: false,
    };
    let request = Request {
        id: 7.into(),
        bmc: Some("gallery-1".into()),
        operation: Operation::SensorSet(set),
    };
    let line = request.to_line();
    assert_eq!(
        serde_json::from_str::<Value>(&line).unwrap(),
        json!({
            "id": 7, "bmc": "gallery-1", "do": "sensor.set", "sensor": "CPU1 Temp", "value": 91.5,
        })
    );
    assert_eq!(parse(&line), Ok(request));
    let status = Operation::Status(Nothing {});
    let bare = Request { id: Value::Null, bmc: None, operation: status };
    assert_eq!(parse(r#"{"do":"status"}"#), Ok(bare));
}

#[test]
fn what_is_wrong_is_told_of_the_request_that_it_is_wrong_with() {
    for (text, id, code) in [
        ("", Value::Null, Code::Malformed),
        ("status", Value::Null, Code::Malformed),
        ("[1]", Value::Null, Code::Malformed),
        (r#"{"id":1}{"#, Value::Null, Code::Malformed),
        (r#"{"id":1}"#, 1.into(), Code::BadRequest),
        (r#"{"id":[1],"do":"status"}"#, Value::Null, Code::BadRequest),
        (r#"{"id":"a","do":1}"#, "a".into(), Code::BadRequest),
        (r#"{"id":2,"do":"statu"}"#, 2.into(), Code::UnknownOperation),
        (r#"{"id":2,"do":"status","colour":1}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"status","bmc":1}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"sensor.get","sensor":256}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"sensor.get","sensor":[]}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"button.press","button":"any"}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"fault.set"}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"fault.set","faults":"busy"}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"selftest.set","result":"oem"}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"lease.give","address":"192.0.2.5"}"#, 2.into(), Code::BadRequest),
        (r#"{"id":2,"do":"lease.lose","address":"192.0.2.5"}"#, 2.into(), Code::BadRequest),
    ] {
        assert_eq!(parse(text), Err((id, code)), "{text}");
    }
    let (_, refusal) = Request::parse(br#"{"do":"sensor.lst"}"#).unwrap_err();
    assert_eq!(refusal.message, "no operation 'sensor.lst'; is 'sensor.list' meant?");
    let (_, refusal) = Request::parse(br#"{"do":"sensor.get","sensor":300}"#).unwrap_err();
    assert!(refusal.message.ends_with("a name, or a number from 0 to 254"), "{refusal}");
    // A pile of brackets is no reason to run out of stack.
    let deep = format!("{{\"do\":{}", "[".repeat(60_000));
    assert_eq!(parse(&deep), Err((Value::Null, Code::Malformed)));
}

#[test]
fn a_fault_is_a_name_and_maybe_a_number() {
    let busy = |amount| Ok(Fault { kind: FaultKind::Busy, amount });
    assert_eq!(fault("busy"), busy(3));
    assert_eq!(fault("Busy=9"), busy(9));
    for (word, code, says) in [
        ("bussy=9", Code::NoSuchFault, "no fault 'bussy'; is 'busy' meant?"),
        (
            "idzero",
            Code::NoSuchFault,
            "no fault 'idzero'; this one is a quirk of sessions: 'quirk.set'",
        ),
        ("", Code::NoSuchFault, "no fault ''"),
        ("busy=0", Code::BadRequest, "'busy=0': every so many requests, 1 to 1000"),
        ("nofru=1", Code::BadRequest, "'nofru=1': this fault takes no number"),
    ] {
        assert_eq!(fault(word), Err(Refusal::new(code, says)), "{word}");
    }
}

#[test]
fn flags_of_the_self_test_are_names_or_their_byte() {
    // By hand from §20.4: bit 7 is the SEL device, 0 the operational firmware.
    let of = |flags| {
        let value = json!({ "do": "selftest.set", "result": "corrupted", "flags": flags });
        match Request::parse(value.to_string().as_bytes()).map(|request| request.operation) {
            Ok(Operation::SelfTestSet(set)) => Ok(set.flags.unwrap().byte()),
            other => Err(other),
        }
    };
    assert_eq!(of(json!(["sel_inaccessible", "operational_firmware_corrupted"])), Ok(0x81));
    assert_eq!((of(json!(0x81)), of(json!([]))), (Ok(0x81), Ok(0)));
    let all = SelfTestFlag::ALL.map(SelfTestFlag::name);
    for (name, bit) in all.into_iter().zip((0..8).rev()) {
        assert_eq!(of(json!([name])), Ok(1 << bit), "{name}");
    }
    for flags in [json!(256), json!("sel_inaccessible"), json!(["sel"])] {
        let (_, refusal) = of(flags).unwrap_err().unwrap_err();
        assert!(refusal.message.contains("flags are a byte, or a list of names"), "{refusal}");
    }
}
