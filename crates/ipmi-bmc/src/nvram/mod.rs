//! What a BMC keeps when its power fails: values under keys, in rooms.
//!
//! The controller works on its memory and notes every change in a [`Journal`]; whoever runs it
//! takes the [`Change`]s, brings them to a store, and says when they are safe. [`Memory`] is what a
//! store gave back, decoded. How a value is written is in this module alone, so that the format has
//! one home; where it is written is not our business.

mod channel;
mod dcmi;
mod firewall;
mod memory;
mod pef;
mod user;

use core::fmt;

use ipmi_wire::Encode;

pub use channel::{KeptChannel, KeptKey};
pub use dcmi::KeptDcmi;
pub use firewall::{Closed, KeptFirewall};
pub use memory::{Damaged, KeptLog, KeptRepository, KeptSensor, LogHeader, Memory};
pub use pef::KeptPef;
pub use user::{KeptPassword, KeptUser, Seed, WrongPassword};

/// The version of what is in the rooms. A store refuses one that is greater.
pub const FORMAT: u32 = 1;

/// A kind of thing that is kept. The number is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Room {
    /// Single values: see [`setting`].
    Settings = 1,
    /// Events; the key is their order, the value the record.
    Sel = 2,
    /// Sensor data records that differ from the personality's; the key is their order.
    Sdr = 3,
    /// Contents of FRU devices in pages; the key is device ID and page.
    Fru = 4,
    /// What was set at a sensor; the key is its number.
    Sensors = 5,
    /// Users; the key is their ID.
    Users = 6,
    /// Boot options; the key is the parameter.
    BootOptions = 7,
    /// What was set at a channel; the key is its number.
    Channels = 8,
    /// LAN configuration parameters; the key is the parameter, which of a set (of the privileges of
    /// cipher suites, the suite), or FFFFh for what the configuration said.
    Lan = 9,
    /// SOL configuration parameters; the key is the parameter.
    Sol = 10,
    /// System info texts; the key is the parameter.
    SystemInfo = 11,
    /// PEF configuration parameters; the key is the parameter, which of a set and which block, or FFFFh
    /// for how far events have been processed.
    Pef = 12,
}

impl Room {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Settings,
        Self::Sel,
        Self::Sdr,
        Self::Fru,
        Self::Sensors,
        Self::Users,
        Self::BootOptions,
        Self::Channels,
        Self::Lan,
        Self::Sol,
        Self::SystemInfo,
        Self::Pef,
    ];

    /// The room of this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|room| *room as u8 == number)
    }
}

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The kind of thing.
    pub room: Room,
    /// Which of its kind.
    pub number: u32,
}

/// Keys of [`Room::Settings`].
pub mod setting {
    use ipmi_wire::Channel;

    use super::{Key, Room};

    const fn key(number: u32) -> Key {
        Key { room: Room::Settings, number }
    }

    /// System GUID: 16 bytes in wire order.
    pub const GUID: Key = key(0);
    /// Whether the machine is on: one byte.
    pub const POWER: Key = key(1);
    /// Power-on time: seconds, eight bytes.
    pub const ON_TIME: Key = key(2);
    /// SEL time less the host's: seconds, eight bytes, signed.
    pub const CLOCK: Key = key(3);
    /// SEL time's UTC offset: minutes, two bytes, signed; 07FFh is unspecified.
    pub const UTC_OFFSET: Key = key(4);
    /// The log's header. Once it is there, what is in [`Room::Sel`] is the log, even if nothing is.
    pub const SEL: Key = key(5);
    /// The SDR repository's header. Once it is there, what is in [`Room::Sdr`] is the repository.
    pub const SDR: Key = key(6);
    /// Power restore policy: its number, one byte.
    pub const RESTORE_POLICY: Key = key(7);
    /// The LAN channel's `K_G`, once a command has set or locked it.
    pub const KG: Key = key(8);
    /// Front panel buttons that are disabled: one byte, as Set Front Panel Button Enables has it.
    pub const BUTTONS: Key = key(16);
    /// Off phase of a power cycle: seconds, one byte.
    pub const CYCLE_INTERVAL: Key = key(17);
    /// DCMI's power limit: whether it is active, and as Set Power Limit has it.
    pub const POWER_LIMIT: Key = key(32);
    /// DCMI's thermal limits that are to be kept, each as Set Thermal Limit has it.
    pub const THERMAL_LIMITS: Key = key(33);
    /// DCMI's asset tag.
    pub const ASSET_TAG: Key = key(34);
    /// DCMI's management controller identifier string, without the zero at its end.
    pub const IDENTIFIER: Key = key(35);
    /// The first of DCMI's configuration parameters, by selector.
    const DCMI_PARAMETERS: u32 = 48;

    /// A DCMI configuration parameter.
    pub(crate) fn dcmi_parameter(selector: u8) -> Key {
        key(DCMI_PARAMETERS.saturating_add(selector.into()))
    }

    /// The first of what is disabled, by channel.
    const FIREWALL: u32 = 64;

    /// The commands that are disabled on a channel.
    pub(crate) fn firewall(channel: Channel) -> Key {
        key(FIREWALL.saturating_add(channel.number().into()))
    }

    /// Which channel's they are.
    pub(super) fn firewall_channel(key: Key) -> Option<Channel> {
        let number = u8::try_from(key.number.checked_sub(FIREWALL)?).ok()?;
        (number < 16).then(|| Channel::new(number))
    }

    /// Which of them a key is.
    pub(super) fn dcmi_selector(key: Key) -> Option<u8> {
        let selector = key.number.checked_sub(DCMI_PARAMETERS)?;
        u8::try_from(selector).ok().filter(|selector| (1..=15).contains(selector))
    }
}

/// One change of what is kept. Values do not print: some are passwords.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// This value is under this key from now on.
    Put(Key, Vec<u8>),
    /// Nothing is under this key any more.
    Remove(Key),
    /// Nothing is in this room any more.
    Clear(Room),
}

impl Change {
    /// The room that changes.
    #[must_use]
    pub const fn room(&self) -> Room {
        match self {
            Self::Put(key, _) | Self::Remove(key) => key.room,
            Self::Clear(room) => *room,
        }
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put(key, value) => write!(f, "Put({key:?}, {} bytes)", value.len()),
            Self::Remove(key) => write!(f, "Remove({key:?})"),
            Self::Clear(room) => write!(f, "Clear({room:?})"),
        }
    }
}

/// What has changed and is not on its way to the store yet, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Nobody takes the changes: none are noted.
    forgetful: bool,
    changes: Vec<Change>,
    /// Changes noted in all, of which some may have been taken.
    noted: u64,
    /// What was noted may not be in the store yet, or ever.
    in_doubt: bool,
}

impl Journal {
    /// A journal that nobody will ever read.
    pub(crate) fn forgetful() -> Self {
        Self { forgetful: true, ..Self::default() }
    }

    /// Notes that `value` is under `key`.
    pub(crate) fn put(&mut self, key: Key, value: &impl Encode) {
        self.note(Change::Put(key, value.to_bytes()));
    }

    /// Notes that `value` is under `key`.
    pub(crate) fn put_bytes(&mut self, key: Key, value: impl Into<Vec<u8>>) {
        self.note(Change::Put(key, value.into()));
    }

    /// Notes that nothing is under `key`.
    pub(crate) fn remove(&mut self, key: Key) {
        self.note(Change::Remove(key));
    }

    /// Notes that nothing is in `room`.
    pub(crate) fn clear(&mut self, room: Room) {
        self.note(Change::Clear(room));
    }

    /// Whether nobody will ever read it.
    pub(crate) const fn is_forgetful(&self) -> bool {
        self.forgetful
    }

    /// How many changes there were so far; whoever compares two such numbers knows whether there
    /// was one between.
    pub(crate) const fn noted(&self) -> u64 {
        self.noted
    }

    /// Whether what was noted may not be kept. Until it is, whoever sets something to what it is
    /// already notes it all the same: the acknowledgement is for what it is set to, and not for who
    /// was first. (A console that hears nothing for a second asks again.)
    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Says whether what was noted so far may not be kept.
    pub(crate) const fn doubt(&mut self, in_doubt: bool) {
        self.in_doubt = in_doubt;
    }

    /// The changes since the last time.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        core::mem::take(&mut self.changes)
    }

    fn note(&mut self, change: Change) {
        if !self.forgetful {
            self.noted = self.noted.wrapping_add(1);
            self.changes.push(change);
        }
    }
}

/// Why changes could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unkept {
    /// There is no room left.
    #[error("the store is full")]
    Full,
    /// The store cannot be written.
    #[error("the store cannot be written")]
    Failed,
}
