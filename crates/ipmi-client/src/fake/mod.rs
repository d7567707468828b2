//! A BMC in this process: it answers requests from plain data, and its tests change that data.

mod access;
mod fru;
mod lan;
mod records;
mod sel;
mod sensors;
pub(crate) mod settings;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ipmi_session::Timing;
use ipmi_session::console::{Agreed, Call, Failure};
use ipmi_wire::bridge::Route;
use ipmi_wire::cmd::app::{
    ActiveSession, ChannelAccess, DeviceId, GetDeviceId, Guid, KeyLock, SendMessage,
};
use ipmi_wire::cmd::sensor::DeviceSdrInfo;
use ipmi_wire::cmd::storage::{FruAccess, SdrRepositoryInfo, SelInfo};
use ipmi_wire::lan::BMC_ADDRESS;
use ipmi_wire::session::CipherSuite;
use ipmi_wire::{Command, CompletionCode, Decode, Effect, Request, Response};

pub(crate) use access::{Slot, session};
pub(crate) use lan::Lan;
pub(crate) use records::{full_sensor, presence_sensor};

use crate::bmc::Bmc;
use crate::endpoint::{Observed, Opened};
use crate::error::ErrorKind;

/// What a [`Bmc`] of tests asks instead of a network.
pub(crate) trait Answers: fmt::Debug + Send + Sync {
    fn session(&self) -> Result<Opened, ErrorKind>;
    fn answer(&self, session: u32, call: &Call) -> Result<Response, ErrorKind>;
    /// What is at another address; here, the same.
    fn at(self: Arc<Self>, _: SocketAddr) -> Arc<dyn Answers>;
}

/// How often a session asks again whose BMC is busy.
const BUSY: u32 = 6;

/// What becomes of one request instead of the usual.
pub(crate) type Odd = Option<Result<Response, ErrorKind>>;
type Hook = Box<dyn FnMut(&mut World, &Request) -> Odd + Send>;

/// The machine.
#[derive(Default)]
pub(crate) struct Machine {
    world: Mutex<World>,
    hook: Mutex<Option<Hook>>,
    /// Controllers behind it. Who is not there does not acknowledge.
    behind: Mutex<HashMap<Route, Arc<Self>>>,
}

/// Everything about it. Everything may be changed at any time.
pub(crate) struct World {
    pub(crate) session: u32,
    pub(crate) guid: Option<Guid>,
    pub(crate) device: DeviceId,
    /// Whether it has an SDR repository.
    pub(crate) repository: bool,
    pub(crate) sdr_info: SdrRepositoryInfo,
    pub(crate) sdrs: Vec<Vec<u8>>,
    pub(crate) device_info: Option<DeviceSdrInfo>,
    /// By LUN.
    pub(crate) device_sdrs: [Vec<Vec<u8>>; 4],
    /// More bytes of a record than this are refused with CAh.
    pub(crate) most: u8,
    /// How many reservations are lost before the next is kept.
    pub(crate) lose_reservations: u32,
    pub(crate) reservation: u16,
    /// By LUN and number: what Get Sensor Reading answers, or its code.
    pub(crate) readings: HashMap<(u8, u8), Result<Vec<u8>, u8>>,
    /// By number: mask and values, raw.
    pub(crate) thresholds: HashMap<u8, [u8; 7]>,
    /// Thresholds are limited to this when they are set.
    pub(crate) threshold_limit: u8,
    pub(crate) hysteresis: HashMap<u8, [u8; 2]>,
    pub(crate) events: HashMap<u8, Vec<u8>>,
    /// By number: ranges of readings with what Get Sensor Reading Factors answers.
    pub(crate) factors: HashMap<u8, Vec<(u8, Vec<u8>)>>,
    pub(crate) sel: Vec<[u8; 16]>,
    pub(crate) sel_info: SelInfo,
    pub(crate) next_event: u16,
    /// How often erasing is "in progress".
    pub(crate) erasing: u32,
    pub(crate) frus: HashMap<u8, Vec<u8>>,
    /// What is said to be the size, if that is a lie.
    pub(crate) fru_size: Option<u16>,
    pub(crate) fru_access: FruAccess,
    pub(crate) fru_most: u8,
    /// How often a FRU device is busy.
    pub(crate) fru_busy: u32,
    /// The device forgets what is written from here on.
    pub(crate) fru_protected_from: Option<usize>,
    /// Users by ID; a slot that is not there is empty.
    pub(crate) slots: HashMap<u8, Slot>,
    pub(crate) max_user_id: u8,
    pub(crate) fixed_names: u8,
    /// Volatile and non-volatile.
    pub(crate) channel_access: [ChannelAccess; 2],
    pub(crate) kg: ([u8; 20], KeyLock),
    /// By handle: sessions with the BMC. The first is the one that is asked in.
    pub(crate) sessions: Vec<(u8, ActiveSession)>,
    /// Parameters of the LAN, channel 1.
    pub(crate) lan: Lan,
    /// Its chassis' and its controller's.
    pub(crate) settings: settings::Settings,
    /// Every request, in their order.
    pub(crate) requests: Vec<Request>,
}

impl Default for World {
    fn default() -> Self {
        // Supermicro's numbers; sensors, repository, log and FRU devices.
        let id = [0x20, 0x01, 0x03, 0x45, 0x02, 0x0f, 0x7c, 0x2a, 0x00, 0x01, 0x00];
        let info = [0x51, 0, 0, 0xff, 0xff, 0, 0, 0, 0x65, 0, 0, 0, 0x65, 0x22];
        let sel = [0x51, 0, 0, 0xff, 0xff, 0, 0, 0, 0x65, 0, 0, 0, 0x65, 0x0a];
        Self {
            session: 1,
            guid: Some(Guid(*b"\x7a\x01lantern's own\x99")),
            device: DeviceId::decode_exact(&id).unwrap(),
            repository: true,
            sdr_info: SdrRepositoryInfo::decode_exact(&info).unwrap(),
            sdrs: Vec::new(),
            device_info: None,
            device_sdrs: Default::default(),
            most: u8::MAX,
            lose_reservations: 0,
            reservation: 1,
            readings: HashMap::new(),
            thresholds: HashMap::new(),
            threshold_limit: u8::MAX,
            hysteresis: HashMap::new(),
            events: HashMap::new(),
            factors: HashMap::new(),
            sel: Vec::new(),
            sel_info: SelInfo::decode_exact(&sel).unwrap(),
            next_event: 1,
            erasing: 0,
            frus: HashMap::new(),
            fru_size: None,
            fru_access: FruAccess::Bytes,
            fru_most: u8::MAX,
            fru_busy: 0,
            fru_protected_from: None,
            slots: HashMap::new(),
            max_user_id: 15,
            fixed_names: 1,
            channel_access: [access::OPEN; 2],
            kg: ([0; 20], KeyLock::Unlocked),
            sessions: vec![(1, access::session(2, 1000))],
            lan: Lan::default(),
            settings: settings::Settings::default(),
            requests: Vec::new(),
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Machine")
    }
}

impl Machine {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// With these records, numbered from 1.
    pub(crate) fn with_sdrs(records: impl IntoIterator<Item = Vec<u8>>) -> Arc<Self> {
        let machine = Self::new();
        machine.world().set_sdrs(records);
        machine
    }

    /// A handle to it, at an address of documentation's.
    pub(crate) fn bmc(self: &Arc<Self>) -> Bmc {
        self.bmc_at(([192, 0, 2, 1], 623).into())
    }

    pub(crate) fn bmc_at(self: &Arc<Self>, address: SocketAddr) -> Bmc {
        Bmc::faked(address, Timing::default(), Arc::clone(self) as _)
    }

    /// With another patience.
    pub(crate) fn bmc_within(self: &Arc<Self>, deadline: Duration) -> Bmc {
        let timing = Timing { deadline, ..Timing::default() };
        Bmc::faked(([192, 0, 2, 1], 623).into(), timing, Arc::clone(self) as _)
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Puts another controller behind it.
    pub(crate) fn put_behind(&self, route: Route, other: &Arc<Self>) {
        self.behind.lock().unwrap().insert(route, Arc::clone(other));
    }

    /// Lets `hook` answer what it has something to say to.
    pub(crate) fn hook(&self, hook: impl FnMut(&mut World, &Request) -> Odd + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub(crate) fn unhook(&self) {
        *self.hook.lock().unwrap() = None;
    }

    /// How many requests came since this was last asked.
    pub(crate) fn requests(&self) -> usize {
        std::mem::take(&mut self.world().requests).len()
    }

    /// How many requests of this kind came; they stay counted.
    pub(crate) fn count<C: Command>(&self) -> usize {
        self.world().requests.iter().filter(|request| is::<C>(request)).count()
    }
}

impl Answers for Machine {
    fn at(self: Arc<Self>, _: SocketAddr) -> Arc<dyn Answers> {
        self
    }

    fn session(&self) -> Result<Opened, ErrorKind> {
        let world = self.world();
        let (agreed, refused) = (Some(Agreed::Suite(CipherSuite::SUITE_17)), Vec::new());
        let observed = Observed::default();
        Ok(Opened {
            id: world.session,
            managed_id: None,
            agreed,
            observed,
            refused,
            guid: world.guid,
        })
    }

    fn answer(&self, session: u32, call: &Call) -> Result<Response, ErrorKind> {
        if let Some(route) = call.route {
            let behind = self.behind.lock().unwrap().get(&route).cloned();
            let (by, completion) = (BMC_ADDRESS, SendMessage::NAK_ON_WRITE);
            let nobody = Failure::NotPassedOn { route, by, completion };
            let there = behind.ok_or(ErrorKind::Call(nobody))?;
            let session = there.world().session;
            return there.answer(session, &Call { route: None, ..call.clone() });
        }
        let mut world = self.world();
        let request = &call.request;
        world.requests.push(request.clone());
        if session != world.session {
            return Err(lost(request));
        }
        assert!(world.requests.len() < 100_000, "it never ends");
        let mut hook = self.hook.lock().unwrap();
        for _ in 0..BUSY {
            let odd = hook.as_mut().and_then(|hook| hook(&mut world, request));
            let answer = odd.unwrap_or_else(|| Ok(world.answer(request)));
            // As a session tells it, however the hook found the request in the registry.
            let once = call.effect == Effect::Once;
            let answer = match answer {
                Err(ErrorKind::Call(Failure::NoAnswer { .. } | Failure::Unreachable(_)))
                    if once =>
                {
                    Err(ErrorKind::Call(Failure::Uncertain))
                }
                answer => answer,
            };
            let busy = answer.as_ref().is_ok_and(|a| a.completion == CompletionCode::NODE_BUSY);
            if !busy || once {
                return answer;
            }
        }
        Ok(Response::code(CompletionCode::NODE_BUSY))
    }
}

impl World {
    /// What it does about a request, and answers.
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        if is::<GetDeviceId>(request) {
            return Response::ok(&self.device);
        }
        let answer = self
            .answer_records(request)
            .or_else(|| self.answer_sensors(request))
            .or_else(|| self.answer_sel(request))
            .or_else(|| self.answer_fru(request))
            .or_else(|| self.answer_access(request))
            .or_else(|| self.answer_lan(request))
            .or_else(|| self.answer_settings(request));
        answer.unwrap_or(Response::code(CompletionCode::INVALID_COMMAND))
    }

    fn reserve(&mut self) -> u16 {
        self.reservation += 1;
        self.reservation
    }

    /// Whether a reservation is good, and not lost just now.
    fn is_reserved(&mut self, reservation: u16) -> bool {
        if self.lose_reservations > 0 {
            self.lose_reservations -= 1;
            return false;
        }
        reservation == self.reservation
    }
}

/// Whether the request is of this kind.
pub(crate) fn is<C: Command>(request: &Request) -> bool {
    request.netfn == C::ID.netfn && request.cmd == C::ID.cmd
}

/// The request, if it is of this kind.
pub(crate) fn of<C: Command>(request: &Request) -> Option<C> {
    is::<C>(request).then(|| C::decode_exact(&request.data).unwrap())
}

pub(crate) fn code(code: u8) -> Response {
    Response::code(CompletionCode(code))
}

/// The request never came, or its answer did not: what a session says in the end.
pub(crate) fn lost(request: &Request) -> ErrorKind {
    let known = ipmi_wire::registry::find(ipmi_wire::registry::identify(request)).unwrap();
    ErrorKind::Call(match (known.effect)(&request.data) {
        Ok(Effect::Once) | Err(_) => Failure::Uncertain,
        Ok(_) => Failure::NoAnswer { sent: 5, waited: std::time::Duration::from_secs(5) },
    })
}
