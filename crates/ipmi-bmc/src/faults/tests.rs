use super::*;

#[test]
fn each_has_a_name_of_its_own_that_is_read_back() {
    for (at, kind) in FaultKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, at, "{kind:?} is not in the order of its declaration");
        let fault: Fault = kind.name().parse().unwrap();
        assert_eq!(fault.kind, kind);
        assert_eq!(fault.to_string().parse(), Ok(fault));
        assert_eq!(FaultKind::from_name(&kind.name().to_uppercase()), Some(kind));
        let facts = kind.facts();
        if let Some(Parameter { default, least, most, .. }) = facts.parameter {
            assert!((least..=most).contains(&default), "{kind:?}");
        }
        // Nothing in it would break a table.
        let texts = [facts.symptom, facts.defect, facts.seen_on, facts.source];
        assert!(texts.iter().all(|text| !text.contains(['|', '\n'])), "{kind:?}");
        assert!(ipmi_session::Quirk::from_name(facts.name).is_none(), "{kind:?} is a quirk, too");
    }
}

#[test]
fn how_much_is_said_in_numbers_that_make_sense() {
    let busy = |amount| Ok(Fault { kind: FaultKind::Busy, amount });
    assert_eq!("busy".parse(), busy(3));
    assert_eq!("Busy = 7".parse(), busy(7));
    assert_eq!("sensorcode=0xce".parse(), Ok(Fault { kind: FaultKind::SensorCode, amount: 0xce }));
    for (text, message) in [
        ("busy=0", "every so many requests, 1 to 1000"),
        ("busy=x", "every so many requests, 1 to 1000"),
        ("newguid=1", "this fault takes no number"),
        ("lazy", "there is no such fault"),
        ("", "there is no such fault"),
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}
