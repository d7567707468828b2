//! Its chassis' and its controller's settings: bytes that come back as they were set, unless a test
//! wants otherwise.

use std::collections::BTreeMap;

use ipmi_wire::cmd::app::{
    AcpiPowerState, GetAcpiPowerState, GetBmcGlobalEnables, GetSystemInfoParameters,
    GetWatchdogTimer, ResetWatchdogTimer, SetAcpiPowerState, SetBmcGlobalEnables,
    SetSystemInfoParameters, SetWatchdogTimer,
};
use ipmi_wire::cmd::chassis::{
    GetChassisStatus, GetSystemBootOptions, SetFrontPanelEnables, SetPowerCycleInterval,
    SetPowerRestorePolicy, SetSystemBootOptions,
};
use ipmi_wire::{CompletionCode, Decode, Encode, Request, Response};

use super::{World, code, is, of};

/// What can be set.
pub(crate) struct Settings {
    pub(crate) on: bool,
    /// Number of the policy.
    pub(crate) policy: u8,
    /// The policies that there are, as bits; `None`: it does not tell.
    pub(crate) policies: Option<u8>,
    /// The fourth byte of the status, if there is one.
    pub(crate) buttons: Option<u8>,
    /// Boot options by selector and, of the mailbox, block.
    pub(crate) boot: BTreeMap<(u8, u8), Vec<u8>>,
    /// Bits of the boot flags' first two bytes that are kept.
    pub(crate) boot_mask: [u8; 2],
    /// Texts by selector and block.
    pub(crate) texts: BTreeMap<(u8, u8), Vec<u8>>,
    /// Whether there is something like set-in-progress.
    pub(crate) has_progress: bool,
    /// How often it is in somebody else's hands.
    pub(crate) taken: u32,
    /// Use and running flag, actions, pre-timeout, flags, initial countdown.
    pub(crate) watchdog: [u8; 6],
    /// What is left of the countdown, less so at each look.
    pub(crate) left: Option<u16>,
    /// It says that it runs, whether it does or not.
    pub(crate) stuck: bool,
    pub(crate) enables: u8,
    pub(crate) acpi: AcpiPowerState,
}

impl Default for Settings {
    fn default() -> Self {
        let mut boot: BTreeMap<_, _> = [
            ((1, 0), vec![0]),
            ((2, 0), vec![0]),
            ((3, 0), vec![0]),
            ((4, 0), vec![0, 0]),
            ((5, 0), vec![0; 5]),
            ((6, 0), vec![0; 9]),
        ]
        .into();
        boot.extend((0..5).map(|block| ((7, block), vec![0; 16])));
        Self {
            on: true,
            policy: 1,
            policies: Some(7),
            buttons: Some(0xf0),
            boot,
            boot_mask: [0xff; 2],
            texts: BTreeMap::new(),
            has_progress: true,
            taken: 0,
            watchdog: [0; 6],
            left: Some(0),
            stuck: false,
            enables: 0x08,
            acpi: AcpiPowerState::decode_exact(&[0, 0]).unwrap(),
        }
    }
}

fn bytes(data: &[u8]) -> Response {
    Response { completion: CompletionCode::OK, data: data.to_vec() }
}

const RUNS: u8 = 0x40;

impl Settings {
    /// Whether setting may go on, or its state may be set.
    fn progress(&mut self, state: u8) -> Response {
        if !self.has_progress {
            return code(0x80);
        }
        match (state, self.taken) {
            (1, 1..) => {
                self.taken -= 1;
                code(0x81)
            }
            (0, _) => {
                self.taken = 0;
                bytes(&[])
            }
            _ => bytes(&[]),
        }
    }

    fn set_boot(&mut self, data: &[u8]) -> Response {
        let (selector, value) = (data[0] & 0x7f, &data[1..]);
        match selector {
            0 => return self.progress(value[0]),
            5 => {
                let mut value = value.to_vec();
                value[0] &= self.boot_mask[0];
                value[1] &= self.boot_mask[1];
                self.boot.insert((5, 0), value);
            }
            7 if self.boot.contains_key(&(7, value[0])) => {
                self.boot.insert((7, value[0]), value[1..].to_vec());
            }
            1..=6 if self.boot.contains_key(&(selector, 0)) => {
                self.boot.insert((selector, 0), value.to_vec());
            }
            7 => return code(0xc9),
            _ => return code(0x80),
        }
        bytes(&[])
    }

    fn get_boot(&self, selector: u8, set: u8) -> Response {
        if selector == 0 {
            return if self.has_progress { bytes(&[1, 0, 0]) } else { code(0x80) };
        }
        let block = if selector == 7 { vec![set] } else { Vec::new() };
        match self.boot.get(&(selector, set)) {
            Some(value) => bytes(&[&[1, selector][..], &block, value].concat()),
            None if selector == 7 && set > 0 => code(0xc9),
            None => code(0x80),
        }
    }
}

impl World {
    pub(super) fn answer_settings(&mut self, request: &Request) -> Option<Response> {
        let settings = &mut self.settings;
        if is::<GetChassisStatus>(request) {
            let first = u8::from(settings.on) | settings.policy << 5;
            let mut status = vec![first, 0, 0];
            status.extend(settings.buttons);
            return Some(bytes(&status));
        }
        if let Some(set) = of::<SetPowerRestorePolicy>(request) {
            let Some(policies) = settings.policies else { return Some(code(0xc1)) };
            settings.policy = set.policy.map_or(settings.policy, |policy| policy.number());
            return Some(bytes(&[policies]));
        }
        if let Some(set) = of::<SetFrontPanelEnables>(request) {
            let disabled = set.to_bytes()[0];
            settings.buttons = settings.buttons.map(|buttons| buttons & 0xf0 | disabled);
            return Some(bytes(&[]));
        }
        if is::<SetPowerCycleInterval>(request) {
            return Some(bytes(&[]));
        }
        if is::<SetSystemBootOptions>(request) {
            return Some(settings.set_boot(&request.data));
        }
        if let Some(get) = of::<GetSystemBootOptions>(request) {
            return Some(settings.get_boot(get.selector, get.set));
        }
        if is::<SetWatchdogTimer>(request) {
            let running = settings.watchdog[0] & RUNS & request.data[0];
            let expired = settings.watchdog[3] & !request.data[3];
            settings.watchdog.copy_from_slice(&request.data);
            settings.watchdog[0] = request.data[0] & !RUNS | running;
            settings.watchdog[3] = expired;
            settings.left = settings
                .left
                .map(|_| u16::from_le_bytes([settings.watchdog[4], settings.watchdog[5]]));
            return Some(bytes(&[]));
        }
        if is::<ResetWatchdogTimer>(request) {
            settings.watchdog[0] |= RUNS;
            return Some(bytes(&[]));
        }
        if is::<GetWatchdogTimer>(request) {
            let mut answer = settings.watchdog.to_vec();
            if settings.watchdog[0] & RUNS != 0 {
                settings.left = settings.left.map(|left| left.saturating_sub(3));
            }
            if settings.stuck {
                answer[0] |= RUNS;
            }
            answer.extend(settings.left.into_iter().flat_map(u16::to_le_bytes));
            return Some(bytes(&answer));
        }
        if is::<GetBmcGlobalEnables>(request) {
            return Some(bytes(&[settings.enables]));
        }
        if is::<SetBmcGlobalEnables>(request) {
            settings.enables = request.data[0];
            return Some(bytes(&[]));
        }
        if is::<GetAcpiPowerState>(request) {
            return Some(Response::ok(&settings.acpi));
        }
        if let Some(set) = of::<SetAcpiPowerState>(request) {
            let AcpiPowerState { system, device } = settings.acpi;
            settings.acpi = AcpiPowerState {
                system: set.system.unwrap_or(system),
                device: set.device.unwrap_or(device),
            };
            return Some(bytes(&[]));
        }
        if is::<SetSystemInfoParameters>(request) {
            let (selector, value) = (request.data[0], &request.data[1..]);
            if selector == 0 {
                return Some(settings.progress(value[0]));
            }
            settings.texts.insert((selector, value[0]), value[1..].to_vec());
            return Some(bytes(&[]));
        }
        let get = of::<GetSystemInfoParameters>(request)?;
        Some(match (get.selector, settings.texts.get(&(get.selector, get.set))) {
            (0, _) if settings.has_progress => bytes(&[0x11, 0]),
            (1..=7, Some(block)) => bytes(&[&[0x11, get.set][..], block].concat()),
            (1..=7, None) if get.set == 0 => bytes(&[&[0x11, 0][..], &[0; 16]].concat()),
            (1..=7, None) => code(0xc9),
            _ => code(0x80),
        })
    }
}
