//! Get Chassis Status: whether the machine is on, and why or why not.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get Chassis Status. IPMI v2.0 §28.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetChassisStatus;

/// The answer to [`GetChassisStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChassisStatus {
    /// The machine is on.
    pub power_on: bool,
    /// It was shut down for a power overload.
    pub overload: bool,
    /// The power interlock (chassis panel switch) holds it off.
    pub interlock: bool,
    /// There is a fault in the main power.
    pub fault: bool,
    /// It did not go on or off when told to.
    pub control_fault: bool,
    /// What it does when mains power comes back.
    pub restore_policy: PowerRestorePolicy,
    /// How it last went on or off.
    pub last_event: LastPowerEvent,
    /// The chassis was opened.
    pub intrusion: bool,
    /// Front panel power and reset buttons are locked.
    pub front_panel_lockout: bool,
    /// A drive is faulty.
    pub drive_fault: bool,
    /// A fan is faulty.
    pub fan_fault: bool,
    /// Whether the identify light is on; `None` if the controller does not tell.
    pub identify: Option<IdentifyState>,
    /// The front panel buttons, if the controller tells.
    pub buttons: Option<FrontPanelButtons>,
}

/// What a machine does when mains power comes back. IPMI v2.0 §28.2, byte 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerRestorePolicy {
    /// It stays off.
    AlwaysOff,
    /// It goes back to how it was.
    Previous,
    /// It goes on.
    AlwaysOn,
    /// Nobody knows.
    Unknown,
}

/// Reasons of the last power change; several may be given, or none. IPMI v2.0 §28.2, byte 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LastPowerEvent {
    /// Mains power failed.
    pub ac_failed: bool,
    /// Shut down for an overload.
    pub overload: bool,
    /// Shut down by the interlock.
    pub interlock: bool,
    /// Shut down for a fault.
    pub fault: bool,
    /// Switched on by an IPMI command.
    pub on_by_command: bool,
}

/// The identify light. IPMI v2.0 §28.2, byte 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentifyState {
    /// Off.
    Off,
    /// On, for a time.
    Temporary,
    /// On.
    Indefinite,
    /// Number 3.
    Reserved,
}

/// Which front panel buttons are disabled, and which can be. IPMI v2.0 §28.2, byte 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FrontPanelButtons {
    /// The power button is disabled.
    pub power_disabled: bool,
    /// The reset button is disabled.
    pub reset_disabled: bool,
    /// The diagnostic interrupt button is disabled.
    pub diagnostic_disabled: bool,
    /// The standby (sleep) button is disabled.
    pub standby_disabled: bool,
    /// The power button can be disabled.
    pub power_disable_allowed: bool,
    /// The reset button can be disabled.
    pub reset_disable_allowed: bool,
    /// The diagnostic interrupt button can be disabled.
    pub diagnostic_disable_allowed: bool,
    /// The standby (sleep) button can be disabled.
    pub standby_disable_allowed: bool,
}

impl Command for GetChassisStatus {
    type Response = ChassisStatus;
    const ID: CommandId = CommandId::new(NetFn::Chassis, 0x01);
    const NAME: &'static str = "Get Chassis Status";
    const SECTION: &'static str = "IPMI v2.0 §28.2";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetChassisStatus);

impl PowerRestorePolicy {
    /// The policy of a 2-bit number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number & 3 {
            0 => Self::AlwaysOff,
            1 => Self::Previous,
            2 => Self::AlwaysOn,
            _ => Self::Unknown,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::AlwaysOff => 0,
            Self::Previous => 1,
            Self::AlwaysOn => 2,
            Self::Unknown => 3,
        }
    }
}

/// Gathers bits, bit 0 first.
fn bits<const N: usize>(flags: [bool; N]) -> u8 {
    flags.into_iter().rev().fold(0, |bits, flag| (bits << 1) | u8::from(flag))
}

impl Encode for ChassisStatus {
    fn encode(&self, out: &mut Vec<u8>) {
        let power =
            bits([self.power_on, self.overload, self.interlock, self.fault, self.control_fault]);
        let last = &self.last_event;
        let event =
            bits([last.ac_failed, last.overload, last.interlock, last.fault, last.on_by_command]);
        let misc =
            bits([self.intrusion, self.front_panel_lockout, self.drive_fault, self.fan_fault]);
        let identify = match self.identify {
            None => 0,
            Some(IdentifyState::Off) => 0x40,
            Some(IdentifyState::Temporary) => 0x50,
            Some(IdentifyState::Indefinite) => 0x60,
            Some(IdentifyState::Reserved) => 0x70,
        };
        out.extend([power | (self.restore_policy.number() << 5), event, misc | identify]);
        out.extend(self.buttons.as_ref().map(|buttons| {
            bits([
                buttons.power_disabled,
                buttons.reset_disabled,
                buttons.diagnostic_disabled,
                buttons.standby_disabled,
                buttons.power_disable_allowed,
                buttons.reset_disable_allowed,
                buttons.diagnostic_disable_allowed,
                buttons.standby_disable_allowed,
            ])
        }));
    }
}

impl Decode for ChassisStatus {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let power = r.u8("current power state")?;
        let event = r.u8("last power event")?;
        let misc = r.u8("misc. chassis state")?;
        let identify = match (misc >> 4) & 3 {
            0 => IdentifyState::Off,
            1 => IdentifyState::Temporary,
            2 => IdentifyState::Indefinite,
            _ => IdentifyState::Reserved,
        };
        Ok(Self {
            power_on: power & 0x01 != 0,
            overload: power & 0x02 != 0,
            interlock: power & 0x04 != 0,
            fault: power & 0x08 != 0,
            control_fault: power & 0x10 != 0,
            restore_policy: PowerRestorePolicy::from_number(power >> 5),
            last_event: LastPowerEvent {
                ac_failed: event & 0x01 != 0,
                overload: event & 0x02 != 0,
                interlock: event & 0x04 != 0,
                fault: event & 0x08 != 0,
                on_by_command: event & 0x10 != 0,
            },
            intrusion: misc & 0x01 != 0,
            front_panel_lockout: misc & 0x02 != 0,
            drive_fault: misc & 0x04 != 0,
            fan_fault: misc & 0x08 != 0,
            identify: (misc & 0x40 != 0).then_some(identify),
            // Optional in the specification, and commonly left out.
            buttons: r.optional_u8().map(|buttons| FrontPanelButtons {
                power_disabled: buttons & 0x01 != 0,
                reset_disabled: buttons & 0x02 != 0,
                diagnostic_disabled: buttons & 0x04 != 0,
                standby_disabled: buttons & 0x08 != 0,
                power_disable_allowed: buttons & 0x10 != 0,
                reset_disable_allowed: buttons & 0x20 != 0,
                diagnostic_disable_allowed: buttons & 0x40 != 0,
                standby_disable_allowed: buttons & 0x80 != 0,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_with_previous_policy() {
        // By hand from §28.2: on, previous; on by command; identify light blinking.
        let bytes = [0x21, 0x10, 0x50];
        let status = ChassisStatus::decode_exact(&bytes).unwrap();
        assert!(status.power_on && !status.fault && !status.overload);
        assert_eq!(status.restore_policy, PowerRestorePolicy::Previous);
        let event = LastPowerEvent { on_by_command: true, ..LastPowerEvent::default() };
        assert_eq!(status.last_event, event);
        assert_eq!(status.identify, Some(IdentifyState::Temporary));
        assert_eq!(status.buttons, None);
        assert_eq!(status.to_bytes(), bytes);
    }

    #[test]
    fn every_bit_has_its_field() {
        for index in 0..4 {
            for bit in 0..8 {
                let mut bytes = [0, 0, 0x40, 0];
                bytes[index] |= 1 << bit;
                // Reserved bits are dropped: byte 0 bit 7, byte 1 from bit 5, byte 2 bit 7.
                let reserved = matches!((index, bit), (0 | 2, 7) | (1, 5..));
                let back = ChassisStatus::decode_exact(&bytes).unwrap().to_bytes();
                assert_eq!(back == bytes, !reserved, "byte {index} bit {bit}");
            }
        }
    }

    #[test]
    fn three_bytes_are_needed() {
        let err = ChassisStatus::decode_exact(&[0x21, 0x10]).unwrap_err();
        assert_eq!(err, DecodeError::Truncated { field: "misc. chassis state", missing: 1 });
    }
}
