//! The reference BMC, asked as the host's own interface would ask it, and as the LAN does: power,
//! privileges, records, refusals; on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ipmi_bmc::nvram::Memory;
use ipmi_bmc::{Bmc, LanPolicy, LogPolicy, Origin, Settings, User};
use ipmi_session::console::{Call, Config as Console, Session};
use ipmi_session::managed::Limits;
use ipmi_session::{Entropy, Quirks, Secret};
use ipmi_wire::cmd::app::{ColdReset, GetChannelAuthenticationCapabilities, GetDeviceId, Guid};
use ipmi_wire::cmd::chassis::{
    ChassisControl, ChassisIdentify, GetChassisStatus, GetSystemRestartCause, IdentifyState,
    PowerAction, RestartCause,
};
use ipmi_wire::cmd::dcmi::GetPowerLimit;
use ipmi_wire::cmd::sensor::GetSensorReading;
use ipmi_wire::cmd::storage::{GetSdr, GetSelEntry, ReservationId, ReserveSdrRepository};
use ipmi_wire::lan::LanMessage;
use ipmi_wire::sdr::Record;
use ipmi_wire::session::{SessionPacket, Username, V15Packet};
use ipmi_wire::{
    Access, Body, Command, CompletionCode, Decode, Encode, NetFn, Privilege, Reader, Request,
    Response, registry,
};
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::personality::sensors::by_number;
use lantern_bmcd::platform::sim::{CPU_TAU, SimPlatform};

struct Machine {
    bmc: Bmc,
    now: Instant,
}

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

impl Machine {
    fn new(on: bool) -> Self {
        Self::with(on, |_| {})
    }

    fn with(on: bool, prepare: impl FnOnce(&mut SimPlatform)) -> Self {
        Self::with_lan(on, LanPolicy::default(), prepare)
    }

    fn with_lan(on: bool, lan: LanPolicy, prepare: impl FnOnce(&mut SimPlatform)) -> Self {
        let now = Instant::now();
        let settings = Settings {
            guid: Guid([7; 16]),
            users: vec![User {
                id: 2,
                name: Username::new(b"admin").unwrap(),
                password: Secret::new(b"Complex_Pass").unwrap(),
                limit: Privilege::Administrator,
                enabled: true,
            }],
            lan,
            limits: Limits::default(),
            quirks: Quirks::NONE,
            epoch: 1_800_000_000,
            log: LogPolicy::default(),
            nonvolatile: false,
        };
        let mut platform = SimPlatform::new(1, now, on);
        prepare(&mut platform);
        let personality = reference(1_800_000_000);
        let bmc = Bmc::new(now, personality, settings, Box::new(platform), Memory::default());
        Self { bmc, now }
    }

    fn ask<C: Command>(&mut self, command: &C) -> Result<C::Response, CompletionCode> {
        let request = Request::of(command);
        let response = self.bmc.handle_request(self.now, Origin::SystemInterface, &request);
        if !response.completion.is_ok() {
            return Err(response.completion);
        }
        Ok(command.decode_response(&mut Reader::new(&response.data)).unwrap())
    }

    fn power(&mut self, action: PowerAction) -> Result<(), CompletionCode> {
        self.ask(&ChassisControl { action })
    }

    fn is_on(&mut self) -> bool {
        self.ask(&GetChassisStatus).unwrap().power_on
    }

    /// Lets time pass as the daemon does: from deadline to deadline.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.bmc.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.bmc.handle_timeout(self.now);
            assert!(self.bmc.poll_timeout().is_none_or(|next| next > due), "stuck at {due:?}");
        }
        self.now = end;
        self.bmc.handle_timeout(end);
    }

    fn value(&mut self, name: &str) -> Option<f64> {
        let record = self
            .records()
            .into_iter()
            .find(|record| record.name().is_some_and(|id| id.to_string() == name))
            .unwrap();
        let number = record.sensor_number().unwrap();
        let reading = self.ask(&GetSensorReading { number }).unwrap();
        let Record::Full(full) = record else { panic!("{name} is not analog") };
        reading.is_valid().then(|| full.value(reading.raw).unwrap())
    }

    fn records(&mut self) -> Vec<Record> {
        let (mut records, mut record_id) = (Vec::new(), GetSdr::FIRST);
        while record_id != GetSdr::LAST {
            let answer = self
                .ask(&GetSdr {
                    reservation: ReservationId::NONE,
                    record_id,
                    offset: 0,
                    count: GetSdr::WHOLE,
                })
                .unwrap();
            records.push(Record::decode(&answer.data).unwrap());
            record_id = answer.next_record_id;
        }
        records
    }
}

#[test]
fn off_twice_and_on_twice_are_null_operations() {
    let mut machine = Machine::new(true);
    for (action, on) in [
        (PowerAction::On, true),
        (PowerAction::Off, false),
        (PowerAction::Off, false),
        (PowerAction::SoftOff, false),
        (PowerAction::On, true),
        (PowerAction::On, true),
    ] {
        machine.power(action).unwrap();
        assert_eq!(machine.is_on(), on, "{action:?}");
    }
}

#[test]
fn what_makes_no_sense_while_off_is_refused_with_d5h() {
    let mut machine = Machine::new(false);
    for action in [PowerAction::Cycle, PowerAction::Reset, PowerAction::DiagnosticInterrupt] {
        assert_eq!(machine.power(action), Err(CompletionCode::NOT_SUPPORTED_IN_STATE));
        assert!(!machine.is_on());
    }
}

#[test]
fn a_power_cycle_is_off_for_a_second_and_tells_why_it_came_on() {
    let mut machine = Machine::new(true);
    assert_eq!(machine.ask(&GetSystemRestartCause).unwrap().cause, RestartCause::Unknown);
    machine.power(PowerAction::Cycle).unwrap();
    assert!(!machine.is_on());
    machine.wait(Duration::from_millis(999));
    assert!(!machine.is_on());
    machine.wait(Duration::from_millis(1));
    let status = machine.ask(&GetChassisStatus).unwrap();
    assert!(status.power_on && status.last_event.on_by_command);
    assert_eq!(machine.ask(&GetSystemRestartCause).unwrap().cause, RestartCause::ChassisControl);
}

#[test]
fn off_during_a_power_cycle_stays_off() {
    let mut machine = Machine::new(true);
    machine.power(PowerAction::Cycle).unwrap();
    machine.power(PowerAction::Off).unwrap();
    machine.wait(Duration::from_secs(60));
    assert!(!machine.is_on());
}

#[test]
fn a_soft_shutdown_takes_its_time() {
    let mut machine = Machine::new(true);
    machine.power(PowerAction::SoftOff).unwrap();
    assert!(machine.is_on());
    machine.wait(Duration::from_secs(30));
    assert!(!machine.is_on());
}

#[test]
fn after_power_on_the_cpu_warms_with_its_time_constant_and_the_fans_follow() {
    // Idle load keeps the fans at their floor, so that nothing but the heat sink's inertia shows.
    let now = Instant::now();
    let mut machine = Machine::with(false, |sim| sim.set_constant_load(now, Some(0.1)));
    machine.wait(Duration::from_secs(3600));
    let cold = machine.value("CPU1 Temp").unwrap();
    machine.power(PowerAction::On).unwrap();
    let mut curve = Vec::new();
    for _ in 0..600 {
        machine.wait(Duration::from_secs(1));
        curve.push(machine.value("CPU1 Temp").unwrap());
    }
    let warm = *curve.last().unwrap();
    assert!(warm - cold > 8.0, "{cold} to {warm} °C");
    let reached = curve.iter().position(|t| *t >= cold + (warm - cold) * 0.632).unwrap() as f64;
    let tau = CPU_TAU;
    // One count of the sensor is a degree: the crossing is known that well only.
    let slack = tau * 0.05 + tau * 1.5 / (warm - cold);
    assert!((reached - tau).abs() <= slack, "63.2 % after {reached} s, τ = {tau} s");
    assert!(machine.value("FAN1").unwrap() > 1000.0);

    machine.power(PowerAction::Off).unwrap();
    machine.wait(Duration::from_secs(1));
    assert_eq!(machine.value("FAN1"), None);
    machine.wait(Duration::from_secs(600));
    assert!((machine.value("CPU1 Temp").unwrap() - cold).abs() <= 1.0);
}

#[test]
fn identify_is_lit_for_its_interval() {
    let mut machine = Machine::new(true);
    let light = |machine: &mut Machine| machine.ask(&GetChassisStatus).unwrap().identify.unwrap();
    machine.ask(&ChassisIdentify { interval: Some(20), force: None }).unwrap();
    assert_eq!(light(&mut machine), IdentifyState::Temporary);
    machine.wait(Duration::from_secs(20));
    assert_eq!(light(&mut machine), IdentifyState::Off);
    machine.ask(&ChassisIdentify { interval: Some(0), force: Some(true) }).unwrap();
    machine.wait(Duration::from_secs(3600));
    assert_eq!(light(&mut machine), IdentifyState::Indefinite);
    machine.ask(&ChassisIdentify { interval: Some(0), force: None }).unwrap();
    assert_eq!(light(&mut machine), IdentifyState::Off);
}

#[test]
fn the_repository_has_its_sensors_and_reads_the_same_in_pieces() {
    let mut machine = Machine::new(true);
    let records = machine.records();
    assert!(records.len() >= 24);
    for record in &records {
        // The locators have none; what only tells of logins is not measured.
        let Some(number) = record.sensor_number() else { continue };
        if matches!(record, Record::EventOnly(_)) {
            continue;
        }
        let sensor = by_number(number).unwrap();
        assert_eq!(record.name().unwrap().to_string(), sensor.name);
    }
    let whole = records[2].to_bytes();
    let ReservationId(id) = machine.ask(&ReserveSdrRepository).unwrap();
    let mut pieces = Vec::new();
    while pieces.len() < whole.len() {
        let (offset, count) = (pieces.len() as u8, 16);
        let reservation = ReservationId(id);
        let get = GetSdr { reservation, record_id: 3, offset, count };
        pieces.extend(machine.ask(&get).unwrap().data);
    }
    assert_eq!(pieces, whole);

    // Pieces need the reservation, and the reservation must be the last one taken.
    let stale = GetSdr { reservation: ReservationId(id), record_id: 3, offset: 5, count: 5 };
    machine.ask(&ReserveSdrRepository).unwrap();
    assert_eq!(machine.ask(&stale), Err(CompletionCode::RESERVATION_CANCELED));
    let beyond = GetSdr { record_id: 999, offset: 0, ..stale };
    assert_eq!(machine.ask(&beyond), Err(CompletionCode::NOT_PRESENT));
}

#[test]
fn the_log_is_a_chain_from_first_to_last() {
    let mut machine = Machine::new(true);
    let first = machine.ask(&GetSelEntry::whole(GetSelEntry::FIRST)).unwrap();
    let (mut next, mut count) = (first.next_record_id, 1);
    while next != GetSelEntry::LAST {
        next = machine.ask(&GetSelEntry::whole(next)).unwrap().next_record_id;
        count += 1;
    }
    assert!(count >= 2);
    let last = machine.ask(&GetSelEntry::whole(GetSelEntry::LAST)).unwrap();
    assert_eq!(last.next_record_id, GetSelEntry::LAST);
}

/// Every command at every privilege level, judged by the command's own definition; every body
/// length from 0 to 40 on top.
#[test]
fn every_command_answers_every_level_and_length_with_a_specified_code() {
    let mut machine = Machine::new(true);
    let channel = Bmc::LAN_CHANNEL;
    // A machine without an I2C bus, and without alerts, does not have them: C1h to everybody.
    let not_here = ["Master Write-Read", "Alert Immediate", "PET Acknowledge"];
    for entry in registry::all().filter(|entry| !not_here.contains(&entry.name)) {
        let mut origins = vec![(None, Origin::Sessionless { channel })];
        for privilege in &Privilege::ALL[..4] {
            let (session_id, user_id) = (1, 2);
            let privilege = *privilege;
            origins.push((
                Some(privilege),
                Origin::Session { session_id, channel, user_id, privilege },
            ));
        }
        for (privilege, origin) in origins {
            let allowed = match entry.access {
                Access::PreSession => true,
                Access::Session(needed) => privilege >= Some(needed),
                Access::SystemInterfaceOnly => false,
            };
            for length in 0..=40u8 {
                let mut data: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
                // Without its group's code it is another command.
                match (entry.id.body, data.first_mut()) {
                    (Body::Group(code), Some(first)) => *first = code,
                    (Body::Group(_), None) => continue,
                    (Body::None | Body::Oem(_), _) => {}
                }
                let request = Request {
                    netfn: entry.id.netfn,
                    lun: 0,
                    cmd: entry.id.cmd,
                    data: data.clone(),
                };
                let response = machine.bmc.handle_request(machine.now, origin, &request);
                let Response { completion, data: answer } = response;
                let denied = completion == CompletionCode::INSUFFICIENT_PRIVILEGE;
                assert!(allowed || denied, "{} as {privilege:?}: {completion}", entry.name);
                // The one code that tells of a state, and not of a failure.
                let tells =
                    entry.id == GetPowerLimit::ID && completion == GetPowerLimit::NOT_ACTIVE;
                assert!(completion.is_ok() || tells || answer.is_empty());
                if allowed && (entry.reencode_request)(&data).is_err() {
                    assert!(
                        matches!(completion.0, 0xc7 | 0xcc),
                        "{} {data:02x?}: {completion}",
                        entry.name
                    );
                }
            }
        }
    }
}

#[test]
fn unknown_commands_and_luns_say_so() {
    let mut machine = Machine::new(true);
    let mut ask = |netfn, lun, cmd| {
        let request = Request { netfn, lun, cmd, data: vec![] };
        machine.bmc.handle_request(machine.now, Origin::SystemInterface, &request).completion
    };
    assert_eq!(ask(NetFn::App, 0, 0xfe), CompletionCode::INVALID_COMMAND);
    assert_eq!(ask(NetFn::Other(0x30), 0, 0x01), CompletionCode::INVALID_COMMAND);
    assert_eq!(ask(NetFn::GroupExtension, 0, 0x00), CompletionCode::INVALID_COMMAND);
    assert_eq!(ask(NetFn::App, 1, 0x01), CompletionCode::INVALID_FOR_LUN);
}

/// IPMI v1.5: discovery is answered, a session is not to be had, a privileged command gets no data.
#[test]
fn ipmi_15_has_no_session() {
    let mut machine = Machine::new(true);
    let from: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    let mut ask = |cmd, data: &[u8]| {
        let request = Request { netfn: NetFn::App, lun: 0, cmd, data: data.to_vec() };
        let message = LanMessage::request(1, &request).to_bytes();
        let datagram = V15Packet::sessionless(&message).to_datagram().unwrap();
        let reply = machine.bmc.handle_datagram(machine.now, from, &datagram, &mut Zeros).unwrap();
        let Some(SessionPacket::V15(packet)) = SessionPacket::decode_datagram(&reply).unwrap()
        else {
            panic!("answered in another format")
        };
        LanMessage::decode_exact(packet.payload).unwrap().to_response().unwrap()
    };
    // Get Channel Authentication Capabilities, without and with IPMI v2.0 data: no type offered.
    let plain = ask(0x38, &[0x0e, 0x04]);
    assert_eq!((plain.completion, plain.data[1]), (CompletionCode::OK, 0x00));
    let extended = ask(0x38, &[0x8e, 0x04]);
    assert_eq!((extended.data[1], extended.data[3]), (0x80, 0x02));
    // Get Session Challenge and Activate Session.
    let mut challenge = vec![0x02];
    challenge.extend([0; 16]);
    assert_eq!(ask(0x39, &challenge), Response::code(CompletionCode::INVALID_COMMAND));
    // MD5, Administrator, a challenge, a first number.
    let mut activate = vec![0x02, 0x04];
    activate.extend([0; 16]);
    activate.extend([1, 0, 0, 0]);
    assert_eq!(ask(0x3a, &activate), Response::code(CompletionCode::INVALID_COMMAND));
    // A command that needs a session.
    assert_eq!(ask(0x01, &[]), Response::code(CompletionCode::INSUFFICIENT_PRIVILEGE));
}

#[test]
fn the_presence_ping_is_answered() {
    let mut machine = Machine::new(true);
    let from: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    let ping = [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x80, 0x33, 0, 0];
    let pong = machine.bmc.handle_datagram(machine.now, from, &ping, &mut Zeros).unwrap();
    assert_eq!(&pong[..12], [6, 0, 0xff, 6, 0, 0, 0x11, 0xbe, 0x40, 0x33, 0, 16]);
    assert_eq!(pong[20], 0x81, "IPMI is spoken here");
}

#[test]
fn who_wants_it_off_during_a_power_cycle_gets_it_off() {
    for action in [PowerAction::Off, PowerAction::SoftOff] {
        let mut machine = Machine::new(true);
        machine.power(PowerAction::Cycle).unwrap();
        machine.wait(Duration::from_millis(500));
        machine.power(action).unwrap();
        machine.wait(Duration::from_secs(10));
        assert!(!machine.is_on(), "{action:?}");
    }
}

/// What a console sends and gets, until neither has anything to say.
fn talk(machine: &mut Machine, console: &mut Session) {
    let from = SocketAddr::from(([127, 0, 0, 1], 50_000));
    while let Some(datagram) = console.poll_transmit() {
        let reply = machine.bmc.handle_datagram(machine.now, from, &datagram, &mut Counting(1));
        if let Some(reply) = reply {
            console.handle_datagram(machine.now, &reply, &mut Counting(2));
        }
    }
}

fn login(machine: &mut Machine) -> Session {
    let name = Username::new(b"admin").unwrap();
    let config = Console::new(name, Secret::new(b"Complex_Pass").unwrap());
    let mut console = Session::open(machine.now, config, 7, &mut Counting(3));
    talk(machine, &mut console);
    console
}

struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(29).wrapping_add(17);
            *byte = self.0;
        }
    }
}

#[test]
fn a_cold_reset_ends_the_sessions_of_its_time_and_no_later_one() {
    let mut machine = Machine::new(true);
    login(&mut machine);
    assert_eq!(machine.bmc.sessions().len(), 1);
    machine.ask(&ColdReset).unwrap();
    assert_eq!(machine.bmc.sessions().len(), 0);
    let mut console = login(&mut machine);
    console.call(machine.now, Call::of(&GetDeviceId), &mut Counting(4));
    talk(&mut machine, &mut console);
    assert_eq!(machine.bmc.sessions().len(), 1);
}

/// A console asks for administrator before it can know that the channel stops below.
#[test]
fn discovery_answers_for_a_privilege_above_the_channels_limit() {
    let mut machine = Machine::with_lan(
        true,
        LanPolicy { limit: Privilege::User, ..LanPolicy::default() },
        |_| {},
    );
    let ask = GetChannelAuthenticationCapabilities {
        channel: Bmc::LAN_CHANNEL,
        privilege: Privilege::Administrator,
        ipmi20: true,
    };
    assert!(machine.ask(&ask).unwrap().supports_ipmi20);
}
