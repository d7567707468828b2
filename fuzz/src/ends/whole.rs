//! A whole BMC, with a machine and a memory, behind the sessions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use ipmi_bmc::nvram::{Change, Key, Memory, Unkept};
use ipmi_bmc::personality::Personality;
use ipmi_bmc::{Bmc, Held, LanPolicy, LogPolicy, Reply, Settings, User};
use ipmi_session::Quirks;
use ipmi_session::console::{Agreed, Call};
use ipmi_session::managed::{Accounts, Delayed, Limits, Sessions};
use ipmi_wire::cmd::app::Guid;
use ipmi_wire::cmd::chassis::{ChassisControl, GetChassisStatus, PowerAction};
use ipmi_wire::cmd::storage::{AddSelEntry, RecordId};
use ipmi_wire::sel::SelRecord;
use ipmi_wire::session::{AuthType, CipherSuite};
use ipmi_wire::{CompletionCode, Decode, Effect, NetFn, Privilege, Request, Response, registry};
use lantern_bmcd::personality::reference::reference;
use lantern_bmcd::platform::sim::SimPlatform;

use super::script::Script;
use super::way::{OneUser, SUITES, password, username};
use super::{Managed, Seeded};

/// When it is, in seconds since 1970.
const EPOCH: u32 = 1_800_000_000;

pub(super) struct Whole {
    bmc: Bmc,
    limits: Limits,
    quirks: Quirks,
    /// What is kept, as a store would have it.
    kept: BTreeMap<Key, Vec<u8>>,
    held: Vec<(SocketAddr, Held)>,
    /// Answers that take their time.
    late: Vec<Delayed>,
    /// Whether somebody with the password asked for what may change the machine.
    asked: bool,
}

impl Whole {
    pub(super) fn new(now: Instant, choice: u8) -> Self {
        let mut limits = Limits::default();
        if choice & 1 != 0 {
            limits.sessions = 2;
        }
        let kept = BTreeMap::new();
        let bmc = start(now, Guests::Yes, limits, Quirks::NONE, Memory::default());
        let (held, late) = (Vec::new(), Vec::new());
        let mut whole = Self { bmc, limits, quirks: Quirks::NONE, kept, held, late, asked: false };
        whole.keep();
        whole
    }

    /// Keeps what has changed, before anybody is told.
    fn keep(&mut self) {
        for change in self.bmc.take_changes() {
            match change {
                Change::Put(key, value) => {
                    self.kept.insert(key, value);
                }
                Change::Remove(key) => {
                    self.kept.remove(&key);
                }
                Change::Clear(room) => self.kept.retain(|key, _| key.room != room),
            }
        }
    }
}

/// Whether there are ways in that ask for no password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guests {
    Yes,
    No,
}

pub(super) fn start(
    now: Instant,
    guests: Guests,
    limits: Limits,
    quirks: Quirks,
    memory: Memory,
) -> Bmc {
    let all = guests == Guests::Yes;
    let suites = SUITES.into_iter().filter(|number| all || *number != 0);
    let types = OneUser.ipmi15().into_iter().filter(|kind| all || *kind != AuthType::None);
    static PERSONALITY: OnceLock<Personality> = OnceLock::new();
    let personality = PERSONALITY.get_or_init(|| reference(EPOCH));
    let settings = Settings {
        guid: Guid([7; 16]),
        users: vec![User {
            id: 2,
            name: username(),
            password: password(),
            limit: Privilege::Administrator,
            enabled: true,
        }],
        lan: LanPolicy {
            suites: suites.map(|n| (CipherSuite(n), Privilege::Administrator)).collect(),
            ipmi15: types.collect(),
            ..LanPolicy::default()
        },
        limits,
        quirks,
        epoch: EPOCH,
        log: LogPolicy::default(),
        nonvolatile: true,
    };
    let on = memory.starts_on(true);
    let platform = Box::new(SimPlatform::new(1, now, on));
    Bmc::new(now, personality.clone(), settings, platform, memory)
}

/// The data of the event that stands for the call of this number. Nobody hits upon it.
fn mark(number: u16) -> [u8; 13] {
    let mut data = *b"call \0\0 ofus\0";
    data[5..7].copy_from_slice(&number.to_le_bytes());
    let [a, ..] = number.wrapping_mul(0x9e37).to_be_bytes();
    data[12] = a;
    data
}

fn is_mark(record: &SelRecord, number: u16) -> bool {
    matches!(record, SelRecord::Oem { record_type: 0xe5, data, .. } if *data == mark(number))
}

impl Managed for Whole {
    fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        _: bool,
        rng: &mut Seeded,
    ) -> Option<Vec<u8>> {
        let reply = self.bmc.receive(now, from, datagram, rng);
        self.late.extend(std::iter::from_fn(|| self.bmc.poll_delayed()));
        self.keep();
        match reply? {
            Reply::Now(reply) => Some(reply),
            Reply::Held(held) => {
                self.held.push((from, held));
                None
            }
        }
    }

    fn release(&mut self, how: u8, rng: &mut Seeded) -> Option<(SocketAddr, Vec<u8>)> {
        if let Some(Delayed { to, datagram, .. }) = self.late.pop() {
            return Some((to, datagram));
        }
        let which = usize::from(how >> 1).checked_rem(self.held.len())?;
        let (from, held) = self.held.remove(which);
        let outcome = match how {
            0xfe => Err(Unkept::Full),
            0xff => Err(Unkept::Failed),
            _ => Ok(()),
        };
        let reply = self.bmc.release(held, outcome, rng);
        self.keep();
        Some((from, reply?))
    }

    fn call(&mut self, number: u16, script: &mut Script<'_>) -> Call {
        match script.byte() & 7 {
            0..=3 => {
                let record = SelRecord::Oem { id: 0, record_type: 0xe5, data: mark(number) };
                Call::of(&AddSelEntry { record })
            }
            4 => Call::of(&GetChassisStatus),
            5 => {
                self.asked = true;
                Call::of(&ChassisControl { action: PowerAction::Cycle })
            }
            6 => {
                let (netfn, cmd, data) = (script.byte(), script.byte(), script.bytes());
                self.asked = true;
                let netfn = NetFn::from_number(netfn & 0x3e);
                let request = Request { netfn, lun: 0, cmd, data };
                let call = Call::new(request, Effect::Read, Privilege::Administrator);
                super::bare::flowing(call, number)
            }
            // Any command that there is.
            _ => {
                let index = usize::from(script.byte()) % registry::all().count();
                let entry = registry::all().nth(index).expect("in range");
                let data = script.bytes();
                self.asked = true;
                let effect = (entry.effect)(&data).unwrap_or(Effect::Once);
                let request = Request { netfn: entry.id.netfn, lun: 0, cmd: entry.id.cmd, data };
                super::bare::flowing(Call::new(request, effect, Privilege::Administrator), number)
            }
        }
    }

    fn executed(&self, number: u16) -> u32 {
        let marks = self.bmc.sel().records().filter(|record| is_mark(record, number));
        u32::try_from(marks.count()).unwrap_or(u32::MAX)
    }

    fn take_carried_out(&mut self) -> Vec<Agreed> {
        Vec::new()
    }

    fn check_answer(&self, number: u16, response: &Response) {
        let Some(record) = self.bmc.sel().records().find(|record| is_mark(record, number)) else {
            return;
        };
        if response.completion == CompletionCode::OK {
            let told = RecordId::decode_exact(&response.data);
            assert_eq!(told, Ok(RecordId(record.id())), "another call's answer");
        }
    }

    fn restart(&mut self, now: Instant, how: u8) {
        // Without power, at any moment: what waits to be told is kept.
        if how & 1 == 0 {
            let values = self.kept.iter().map(|(key, value)| (*key, value.as_slice()));
            let memory = Memory::decode(values).expect("its own writing");
            self.bmc = start(now, Guests::Yes, self.limits, self.quirks, memory);
            self.held.clear();
            self.keep();
        }
    }

    fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
        self.bmc.set_quirks(quirks);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.bmc.handle_timeout(now);
        self.keep();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.bmc.poll_timeout()
    }

    fn sessions(&self) -> &Sessions {
        self.bmc.sessions()
    }

    fn check_end(&self) {
        assert!(self.asked || self.bmc.is_on(), "nobody asked, and the machine was touched");
    }
}
