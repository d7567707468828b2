//! What is acknowledged is remembered: whatever commands come, a BMC that starts again from what
//! was noted gives the answers that the one before it gave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod common;

use std::time::Duration;

use ipmi_bmc::personality::RecordsIn;
use ipmi_bmc::platform::Measurement;
use ipmi_bmc::{LogPolicy, Origin, WhenFull};
use ipmi_wire::cmd::app::{
    GetDeviceGuid, GetUserAccess, GetUserName, Password, PasswordOperation, PasswordSize,
    SetUserAccess, SetUserName, SetUserPassword, UserFlags,
};
use ipmi_wire::cmd::chassis::{
    ChassisControl, GetChassisStatus, GetSystemBootOptions, PowerAction,
};
use ipmi_wire::cmd::sensor::{
    EventBits, EventDataBytes, EventEnableAction, EventReceiver, GetDeviceSdrInfo,
    GetLastProcessedEventId, GetPefConfigurationParameters, GetSensorEventEnable,
    GetSensorHysteresis, GetSensorReading, GetSensorThresholds, GetSensorType, PlatformEvent,
    RearmSensorEvents, SensorHysteresis, SensorTypes, SetEventReceiver, SetLastProcessedEventId,
    SetSensorEventEnable, SetSensorHysteresis, SetSensorReading, SetSensorThresholds,
    SetSensorType, StatusBits,
};
use ipmi_wire::cmd::storage::{
    AddSdr, AddSelEntry, ClearSdrRepository, ClearSel, DeleteSdr, DeleteSelEntry, EraseAction,
    GetFruInventoryAreaInfo, GetSdr, GetSdrRepositoryInfo, GetSelEntry, GetSelInfo, GetSelTime,
    GetSelTimeUtcOffset, PartialAddSdr, PartialAddSelEntry, ReadFruData, ReservationId,
    ReserveSdrRepository, ReserveSel, RunInitializationAgent, SetSelTime, SetSelTimeUtcOffset,
    UtcOffset, WriteFruData,
};
use ipmi_wire::sdr::{EventReadingType, RawThresholds, SensorType, ThresholdMask};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::session::Username;
use ipmi_wire::{Channel, Command, Decode, Encode, NetFn, Privilege, Request};
use proptest::prelude::*;

use common::{FALLING, Machine, SENSORS, SHARED, TEMPERATURE, WRITTEN};

/// Something that somebody does.
#[derive(Clone, Debug)]
enum Step {
    /// A command, in bytes.
    Send(Request),
    /// The same, under a reservation of the SDR repository or of the log.
    ReserveSdr(Request),
    ReserveSel(Request),
    /// The machine's sensors say this from now on.
    Say(u8, Measurement),
    Wait(Duration),
    /// The BMC starts anew.
    Restart,
}

fn send<C: Command>(command: C) -> Step {
    Step::Send(Request::of(&command))
}

/// A record of any kind whose header tells the truth, mostly.
fn sdr() -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 4]>(), prop::collection::vec(any::<u8>(), 0..70), 0u8..10).prop_map(
        |([a, b, version, kind], body, lie)| {
            let length = body.len() as u8 + u8::from(lie == 0);
            [&[a, b, version, kind, length][..], &body].concat()
        },
    )
}

/// Records of the personality, as consoles write them back.
fn known_sdr() -> impl Strategy<Value = Vec<u8>> {
    let sdrs = common::personality(RecordsIn::Repository).sdrs;
    (0..sdrs.len(), 0usize..80, any::<u8>()).prop_map(move |(at, place, byte)| {
        let mut bytes = sdrs[at].to_bytes();
        // From the key on, so that it stays a record of this type.
        if let Some(place) = bytes.get_mut(5 + place) {
            *place = byte;
        }
        bytes
    })
}

fn event() -> impl Strategy<Value = SelRecord> {
    let kind = prop_oneof![Just(0x02u8), 0xc0..=0xdfu8, 0xe0..=0xffu8, any::<u8>()];
    (any::<[u8; 16]>(), kind).prop_map(|(mut bytes, kind)| {
        bytes[2] = kind;
        SelRecord::decode_exact(&bytes).unwrap()
    })
}

fn sensor() -> impl Strategy<Value = u8> {
    prop::sample::select(SENSORS.to_vec())
}

fn bits() -> impl Strategy<Value = EventBits> {
    (any::<u16>(), any::<u16>(), prop::sample::select(vec![0x0fffu16, 0x000f, 1, 0xffff])).prop_map(
        |(assertion, deassertion, mask)| EventBits {
            assertion: assertion & mask & 0x7fff,
            deassertion: deassertion & mask & 0x7fff,
        },
    )
}

fn sensor_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (sensor(), any::<u8>(), any::<[u8; 6]>()).prop_map(|(number, set, values)| {
            let (set, values) = (ThresholdMask(set & 0x3f), RawThresholds::from_command(values));
            send(SetSensorThresholds { number, set, values })
        }),
        (sensor(), 0u8..6, 0u8..6).prop_map(|(number, positive, negative)| {
            let hysteresis = SensorHysteresis { positive, negative };
            send(SetSensorHysteresis { number, hysteresis })
        }),
        (sensor(), any::<bool>(), prop::bool::weighted(0.8), 0..3, bits()).prop_map(
            |(number, event_messages, scanning, action, events)| {
                use EventEnableAction::{Disable, Enable, Keep};
                let action = [Keep, Enable, Disable][action as usize];
                send(SetSensorEventEnable { number, event_messages, scanning, action, events })
            }
        ),
        (sensor(), any::<u8>(), prop::sample::select(vec![0x01u8, 0x6f, 0x03, 0x70])).prop_map(
            |(number, sensor_type, event_type)| {
                let event_type = EventReadingType(event_type);
                let types = SensorTypes { sensor_type: SensorType(sensor_type), event_type };
                send(SetSensorType { number, types })
            }
        ),
        (sensor(), prop::option::of(bits()))
            .prop_map(|(number, selected)| send(RearmSensorEvents { number, selected })),
        any::<u8>().prop_map(|raw| send(SetSensorReading {
            number: WRITTEN,
            reading: Some(raw),
            assertion: StatusBits::Keep,
            deassertion: StatusBits::Keep,
            event_data: EventDataBytes::Own,
        })),
        any::<bool>().prop_map(|on| {
            let address = if on { 0x20 } else { 0xff };
            send(SetEventReceiver { receiver: EventReceiver { address, lun: 0 } })
        }),
        any::<bool>().prop_map(|run| send(RunInitializationAgent { run })),
        (sensor(), 0..100i16).prop_map(|(number, value)| {
            // Also for those that have no values.
            let value = if number == common::FALLING { -value } else { value };
            Step::Say(number, Measurement::Value(value.into()))
        }),
        (sensor(), any::<u16>())
            .prop_map(|(number, states)| { Step::Say(number, Measurement::States(states & 0x0f)) }),
        sensor().prop_map(|number| Step::Say(number, Measurement::Unavailable)),
    ]
}

fn record_step() -> impl Strategy<Value = Step> {
    let pieces = |bytes: Vec<u8>, at: usize| {
        let at = at.min(bytes.len());
        (bytes[..at].to_vec(), bytes[at..].to_vec())
    };
    prop_oneof![
        4 => prop_oneof![sdr(), known_sdr()].prop_map(|record| send(AddSdr { record })),
        2 => (sdr(), 0usize..80, any::<bool>()).prop_map(move |(record, at, second)| {
            let (first, rest) = pieces(record, at);
            let (offset, data) = if second { (first.len() as u8, rest) } else { (0, first) };
            let record_id = u16::from(second);
            let reservation = ReservationId::NONE;
            Step::ReserveSdr(Request::of(&PartialAddSdr {
                reservation, record_id, offset, last: second, data,
            }))
        }),
        2 => prop_oneof![0u16..14, Just(0xffff)].prop_map(|record_id| {
            let reservation = ReservationId::NONE;
            Step::ReserveSdr(Request::of(&DeleteSdr { reservation, record_id }))
        }),
        1 => Just(()).prop_map(|()| {
            let (reservation, action) = (ReservationId::NONE, EraseAction::Initiate);
            Step::ReserveSdr(Request::of(&ClearSdrRepository { reservation, action }))
        }),
        6 => event().prop_map(|record| send(AddSelEntry { record })),
        2 => (event(), any::<bool>()).prop_map(|(record, second)| {
            let bytes = record.to_bytes();
            let (offset, data) = if second { (7, &bytes[7..]) } else { (0, &bytes[..7]) };
            let data = data.to_vec();
            let (reservation, record_id) = (ReservationId::NONE, u16::from(second));
            Step::ReserveSel(Request::of(&PartialAddSelEntry {
                reservation, record_id, offset, last: second, data,
            }))
        }),
        2 => any::<[u8; 3]>().prop_map(|data| send(PlatformEvent {
            generator: None,
            evm_rev: 4,
            sensor_type: SensorType::FAN,
            sensor_number: 1,
            assertion: true,
            event_type: EventReadingType::THRESHOLD,
            data,
        })),
        3 => prop_oneof![0u16..50, Just(0xffff)].prop_map(|record_id| {
            let reservation = ReservationId::NONE;
            Step::ReserveSel(Request::of(&DeleteSelEntry { reservation, record_id }))
        }),
        1 => Just(()).prop_map(|()| {
            let (reservation, action) = (ReservationId::NONE, EraseAction::Initiate);
            Step::ReserveSel(Request::of(&ClearSel { reservation, action }))
        }),
        2 => (prop::sample::select(vec![0u8, 1, 9]), 0u16..720, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(fru_device_id, offset, data)| {
                let offset = if fru_device_id == 1 { offset.wrapping_sub(300) } else { offset };
                send(WriteFruData { fru_device_id, offset, data })
            }),
        1 => any::<u32>().prop_map(|time| send(SetSelTime { time })),
        1 => any::<i16>().prop_map(|minutes| {
            send(SetSelTimeUtcOffset { offset: UtcOffset(minutes % 1500) })
        }),
    ]
}

fn user_step() -> impl Strategy<Value = Step> {
    let id = || 0u8..17;
    let password = || {
        (any::<bool>(), prop::collection::vec(0u8..3, 0..=16)).prop_map(|(long, bytes)| {
            let size = if long { PasswordSize::Twenty } else { PasswordSize::Sixteen };
            Password::new(size, &bytes).unwrap()
        })
    };
    prop_oneof![
        (id(), prop::sample::select(vec!["", "admin", "bob", "eve", "abcdefghijklmnop"])).prop_map(
            |(user_id, name)| {
                send(SetUserName { user_id, name: Username::new(name.as_bytes()).unwrap() })
            }
        ),
        (id(), password()).prop_map(|(user_id, password)| {
            send(SetUserPassword { user_id, operation: PasswordOperation::Set(password) })
        }),
        (id(), any::<bool>()).prop_map(|(user_id, on)| {
            let operation = if on { PasswordOperation::Enable } else { PasswordOperation::Disable };
            send(SetUserPassword { user_id, operation })
        }),
        (id(), any::<[bool; 4]>(), 0usize..6).prop_map(|(user_id, [some, a, b, c], limit)| {
            let flags = UserFlags { callback_only: a, link_authentication: b, messaging: c };
            let limit = Privilege::ALL.get(limit).copied();
            let channel = Channel::new(1);
            let flags = some.then_some(flags);
            send(SetUserAccess { channel, flags, user_id, limit, session_limit: None })
        }),
        // Boot options: whatever bytes, for every parameter.
        (
            prop_oneof![0u8..9, Just(7)],
            any::<bool>(),
            prop_oneof![0u8..6, any::<u8>()],
            prop::collection::vec(any::<u8>(), 0..18),
        )
            .prop_map(|(selector, invalid, first, body)| {
                let data = [&[selector | u8::from(invalid) << 7, first][..], &body].concat();
                Step::Send(Request { netfn: NetFn::Chassis, lun: 0, cmd: 0x08, data })
            }),
        (0u8..9, any::<bool>()).prop_map(|(selector, invalid)| {
            let data = vec![selector | u8::from(invalid) << 7];
            Step::Send(Request { netfn: NetFn::Chassis, lun: 0, cmd: 0x08, data })
        }),
        // PEF: whatever bytes, for every parameter but "set in progress", which is not kept. What
        // waits is not kept, either, so that nothing waits for a start of the machine.
        (1u8..16, 0u8..22, prop::collection::vec(any::<u8>(), 0..21)).prop_map(
            |(selector, first, body)| {
                let first = if selector == 1 { first & !4 } else { first };
                let data = [&[selector, first][..], &body].concat();
                Step::Send(Request { netfn: NetFn::SensorEvent, lun: 0, cmd: 0x12, data })
            }
        ),
        (1u8..5, 0u8..22).prop_map(|(selector, value)| {
            let value = if selector == 1 { value & !4 } else { value };
            let data = vec![selector, value];
            Step::Send(Request { netfn: NetFn::SensorEvent, lun: 0, cmd: 0x12, data })
        }),
        (any::<bool>(), 0u16..9).prop_map(|(by_bmc, record_id)| {
            send(SetLastProcessedEventId { by_bmc, record_id })
        }),
        (0u8..4).prop_map(|policy| {
            Step::Send(Request { netfn: NetFn::Chassis, lun: 0, cmd: 0x06, data: vec![policy] })
        }),
        any::<bool>().prop_map(|on| {
            let action = if on { PowerAction::On } else { PowerAction::Off };
            send(ChassisControl { action })
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => sensor_step(),
        8 => record_step(),
        5 => user_step(),
        2 => (0u64..5).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        1 => Just(Step::Restart),
    ]
}

fn act(machine: &mut Machine, step: &Step) {
    let under = |request: &Request, ReservationId(id): ReservationId| {
        let mut request = request.clone();
        request.data[..2].copy_from_slice(&id.to_le_bytes());
        request
    };
    match step {
        Step::Send(request) => {
            machine.request(Origin::SystemInterface, request);
        }
        Step::ReserveSdr(request) => {
            if let Ok(reservation) = machine.ask(&ReserveSdrRepository) {
                machine.request(Origin::SystemInterface, &under(request, reservation));
            }
        }
        Step::ReserveSel(request) => {
            let reservation = machine.ask(&ReserveSel).unwrap();
            machine.request(Origin::SystemInterface, &under(request, reservation));
        }
        Step::Say(number, says) => {
            machine.bench.state().says.insert(*number, *says);
            machine.wait(Duration::from_secs(2));
        }
        Step::Wait(time) => machine.wait(*time),
        Step::Restart => machine.restart(),
    }
}

/// All that can be asked about what should survive.
fn tell(machine: &mut Machine) -> Vec<String> {
    let mut told = Vec::new();
    let mut note =
        |what: &str, answer: &dyn std::fmt::Debug| told.push(format!("{what}: {answer:02x?}"));
    note("GUID", &machine.ask(&GetDeviceGuid));
    note(
        "chassis",
        &machine
            .ask(&GetChassisStatus)
            .map(|status| (status.power_on, status.restore_policy, status.intrusion)),
    );
    note("SDR info", &machine.ask(&GetSdrRepositoryInfo));
    let mut record_id = 0;
    while record_id != 0xffff {
        let get = GetSdr { reservation: ReservationId::NONE, record_id, offset: 0, count: 0xff };
        let answer = machine.ask(&get);
        note("SDR", &answer);
        let Ok(data) = answer else { break };
        record_id = data.next_record_id;
    }
    note("device SDRs", &machine.ask(&GetDeviceSdrInfo { count: None }));
    note("SEL info", &machine.ask(&GetSelInfo));
    let mut record_id = 0;
    while record_id != 0xffff {
        let get =
            GetSelEntry { reservation: ReservationId::NONE, record_id, offset: 0, count: 0xff };
        let answer = machine.ask(&get);
        note("event", &answer);
        let Ok(data) = answer else { break };
        record_id = data.next_record_id;
    }
    note("time", &machine.ask(&GetSelTime));
    note("UTC", &machine.ask(&GetSelTimeUtcOffset));
    for fru_device_id in [0u8, 1, 9] {
        let size = machine.ask(&GetFruInventoryAreaInfo { fru_device_id }).unwrap().size;
        for offset in (0..size).step_by(255) {
            note("FRU", &machine.ask(&ReadFruData { fru_device_id, offset, count: 255 }));
        }
    }
    for number in SENSORS {
        note("thresholds", &machine.ask(&GetSensorThresholds { number }));
        note("hysteresis", &machine.ask(&GetSensorHysteresis { number }));
        note("enables", &machine.ask(&GetSensorEventEnable { number }));
        note("types", &machine.ask(&GetSensorType { number }));
        // What is written is not kept, and is written again.
        if number != WRITTEN {
            note("reading", &machine.ask(&GetSensorReading { number }));
        }
    }
    for user_id in 1..=15u8 {
        note("name", &machine.ask(&GetUserName { user_id }));
        note("access", &machine.ask(&GetUserAccess { channel: Channel::new(1), user_id }));
        for size in [PasswordSize::Sixteen, PasswordSize::Twenty] {
            for guess in [&b"Complex_Pass"[..], b"", b"\x01", b"\x02\x01"] {
                let operation = PasswordOperation::Test(Password::new(size, guess).unwrap());
                note("password", &machine.ask(&SetUserPassword { user_id, operation }));
            }
        }
    }
    for selector in [1, 2, 3, 5, 6, 7] {
        for set in 0..5 {
            note("boot", &machine.ask(&GetSystemBootOptions { selector, set, block: 0 }));
        }
    }
    note("processed", &machine.ask(&GetLastProcessedEventId));
    for selector in 1..=15 {
        for set in 0..=20 {
            for block in 0..=4 {
                // String 0 is volatile.
                if set != 0 || ![12, 13].contains(&selector) {
                    let get = GetPefConfigurationParameters {
                        revision_only: false,
                        selector,
                        set,
                        block,
                    };
                    note("PEF", &machine.ask(&get));
                }
            }
        }
    }
    told
}

const CASES: u32 = 500;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_bmc_that_starts_again_gives_the_same_answers(
        steps in prop::collection::vec(step(), 1..50), wrap: bool, device: bool, small: bool,
    ) {
        let when_full = if wrap { WhenFull::Wrap } else { WhenFull::Stop };
        let records_in = if device { RecordsIn::Device } else { RecordsIn::Repository };
        let capacity = if small { 16 } else { 400 };
        let mut machine = Machine::with(records_in, LogPolicy { capacity, when_full });
        for step in &steps {
            act(&mut machine, step);
        }
        // Whatever is due at this moment is done.
        machine.wait(Duration::ZERO);
        let before = tell(&mut machine);
        machine.restart();
        machine.wait(Duration::ZERO);
        let after = tell(&mut machine);
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(before, after);
        }
        prop_assert_eq!(before.len(), after.len());
    }

    /// A restart is not even noticed by those who read the log: what the sensors say afterwards is
    /// told as it would have been. (Not of those that have to be re-armed: starting does that.)
    #[test]
    fn a_bmc_that_starts_again_tells_the_same_of_what_comes(
        steps in prop::collection::vec(step(), 1..30),
        later in prop::collection::vec(
            prop_oneof![
                (0i16..100).prop_map(|t| Step::Say(TEMPERATURE, Measurement::Value(t.into()))),
                (-100i16..0).prop_map(|t| Step::Say(FALLING, Measurement::Value(t.into()))),
                (0u16..16).prop_map(|states| Step::Say(SHARED + 1, Measurement::States(states))),
            ],
            1..10,
        ),
    ) {
        let log = LogPolicy { capacity: 4000, when_full: WhenFull::Stop };
        let on = SetEventReceiver { receiver: EventReceiver { address: 0x20, lun: 0 } };
        let events = |restart: bool| {
            let mut machine = Machine::with(RecordsIn::Repository, log);
            for step in &steps {
                act(&mut machine, step);
            }
            machine.ask(&on).unwrap();
            machine.wait(Duration::ZERO);
            let before = machine.bmc.sel().records().len();
            if restart {
                machine.restart();
            }
            for step in &later {
                act(&mut machine, step);
            }
            // Without the time, which may differ by the second in which it looks.
            let records = machine.bmc.sel().records().skip(before);
            records.map(|record| record.with_timestamp(0)).collect::<Vec<_>>()
        };
        prop_assert_eq!(events(true), events(false));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES / 5,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// They share what they have in common, and nobody notices.
    #[test]
    fn what_is_done_to_one_bmc_is_not_seen_on_another_of_its_make(
        steps in prop::collection::vec(step(), 1..30), device: bool,
    ) {
        let records_in = if device { RecordsIn::Device } else { RecordsIn::Repository };
        let mut machine = Machine::with(records_in, LogPolicy { capacity: 40, when_full: WhenFull::Wrap });
        let mut sibling = machine.sibling();
        let before = tell(&mut sibling);
        prop_assert_eq!(&tell(&mut machine)[1..], &before[1..], "but for the GUID");
        for step in &steps {
            act(&mut machine, step);
        }
        prop_assert_eq!(tell(&mut sibling), before);
        // Nor does the other get what is done to the one.
        let before = tell(&mut machine);
        for step in steps.iter().filter(|step| !matches!(step, Step::Restart)) {
            act(&mut sibling, step);
        }
        prop_assert_eq!(tell(&mut machine), before);
    }
}
