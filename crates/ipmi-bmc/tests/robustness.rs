//! Whatever comes, from wherever: an answer of a size that fits, and a machine that nobody touched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::{Bmc, LogPolicy, Origin};
use ipmi_wire::{Access, CompletionCode, NetFn, Privilege, Request, registry};
use proptest::prelude::*;

use common::Machine;

/// The longest answer: all of the longest SDR, after the next record's ID.
const LONGEST: usize = 2 + 255;

fn origin() -> impl Strategy<Value = Origin> {
    let channel = Bmc::LAN_CHANNEL;
    prop_oneof![
        3 => Just(Origin::SystemInterface),
        1 => Just(Origin::Sessionless { channel }),
        2 => (any::<u32>(), 0u8..=16, 0usize..4).prop_map(move |(session_id, user_id, level)| {
            let privilege = Privilege::ALL[level];
            Origin::Session { session_id, channel, user_id, privilege }
        }),
    ]
}

/// Bytes as consoles send them: numbers of sensors, records and devices are small, reservations
/// smaller, and nothing is what it should be.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => 0u8..4,
        2 => prop::sample::select(common::SENSORS.to_vec()),
        2 => any::<u8>(),
        1 => Just(0xff),
    ];
    prop_oneof![
        4 => prop::collection::vec(byte, 0..24),
        1 => prop::collection::vec(any::<u8>(), 0..260),
        1 => Just(b"\x01\0CLR\xaa".to_vec()),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let known: Vec<_> = registry::all().map(|entry| entry.id).collect();
    prop_oneof![
        20 => (prop::sample::select(known), body(), prop::bool::weighted(0.02)).prop_map(
            |(id, data, other_lun)| {
                Request { netfn: id.netfn, lun: other_lun.into(), cmd: id.cmd, data }
            }
        ),
        1 => (any::<u8>(), 0u8..4, any::<u8>(), body()).prop_map(|(netfn, lun, cmd, data)| {
            Request { netfn: NetFn::from_number(netfn & 0x3e), lun, cmd, data }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_request_has_an_answer_that_fits_and_is_one(
        requests in prop::collection::vec((origin(), request()), 1..80), device: bool,
    ) {
        let records_in = if device { RecordsIn::Device } else { RecordsIn::Repository };
        let mut machine = Machine::with(records_in, LogPolicy { capacity: 20, ..LogPolicy::default() });
        for (origin, request) in requests {
            let signals = machine.bench.state().signals.len();
            let response = machine.request(origin, &request);
            prop_assert!(response.data.len() <= LONGEST, "{request:02x?}: {response:02x?}");
            if request.netfn != NetFn::Chassis {
                let now = machine.bench.state().signals.len();
                prop_assert_eq!(now, signals, "{:02x?} touches the machine", &request);
            }
            let entry = registry::find(registry::identify(&request));
            if !response.completion.is_ok() {
                prop_assert!(response.data.is_empty());
                continue;
            }
            let Some(entry) = entry else {
                return Err(TestCaseError::fail(format!("{request:02x?} is unknown and done")));
            };
            let again = (entry.reencode_response)(&request.data, &response.data);
            prop_assert_eq!(again.as_ref(), Ok(&response.data), "{} {:02x?}", entry.name, &request);
            let allowed = match (origin, entry.access) {
                (Origin::SystemInterface, _) | (_, Access::PreSession) => true,
                (Origin::Session { privilege, .. }, Access::Session(needed)) => privilege >= needed,
                _ => false,
            };
            prop_assert!(allowed, "{} for {origin:?}", entry.name);
            if matches!(origin, Origin::Sessionless { .. }) {
                prop_assert!(response.data.len() <= 32, "a small question, a large answer");
            }
        }
        // And it is still alive, and remembers.
        machine.wait(std::time::Duration::from_secs(10));
        machine.restart();
        let id = Request { netfn: NetFn::App, lun: 0, cmd: 1, data: Vec::new() };
        let alive = machine.request(Origin::SystemInterface, &id).completion;
        prop_assert_eq!(alive, CompletionCode::OK);
    }
}
