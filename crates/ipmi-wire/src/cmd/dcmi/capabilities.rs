//! What a controller says of its part in DCMI. DCMI v1.5 §6.1.1, Tables 6-2 and 6-3.

use super::group;
use crate::codec::{Decode, DecodeError, Encode, Reader};

/// Which specification a controller follows, and the revision of the parameters that it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conformance {
    /// Major version.
    pub major: u8,
    /// Minor version.
    pub minor: u8,
    /// Revision of the parameter: 1 with DCMI 1.0 and 1.1, 2 with 1.5.
    pub revision: u8,
}

impl Conformance {
    /// DCMI v1.5.
    pub const V15: Self = Self { major: 1, minor: 5, revision: 2 };
}

impl Encode for Conformance {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([super::GROUP, self.major, self.minor, self.revision]);
    }
}

impl Decode for Conformance {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        group(r)?;
        Ok(Self {
            major: r.u8("major version")?,
            minor: r.u8("minor version")?,
            revision: r.u8("parameter revision")?,
        })
    }
}

/// One parameter of Get DCMI Capabilities Info.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capabilities {
    /// 1: what there is.
    Supported(SupportedCapabilities),
    /// 2: log, identification, temperatures.
    Mandatory(MandatoryAttributes),
    /// 3: who manages the power.
    Optional(OptionalAttributes),
    /// 4: channels.
    Access(AccessAttributes),
    /// 5: the periods that enhanced power statistics are averaged over.
    Enhanced(Vec<AveragePeriod>),
    /// Any other.
    Other {
        /// Its selector.
        selector: u8,
        /// Its value.
        data: Vec<u8>,
    },
}

/// What there is. Bits that revision 2 of the parameter reserves are from DCMI 1.0 and 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SupportedCapabilities {
    /// Identification; of revision 1.
    pub identification: bool,
    /// An event log; of revision 1.
    pub sel: bool,
    /// Chassis power; of revision 1.
    pub chassis_power: bool,
    /// Temperatures; of revision 1.
    pub temperature: bool,
    /// Power readings and limits.
    pub power_management: bool,
    /// A system interface.
    pub system_interface: bool,
    /// A serial channel in terminal mode.
    pub serial: bool,
    /// A second LAN channel.
    pub secondary_lan: bool,
    /// A LAN channel; of revision 1.
    pub primary_lan: bool,
    /// Serial over LAN; of revision 1.
    pub sol: bool,
    /// VLANs; of revision 1.
    pub vlan: bool,
}

/// Log, identification, temperatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MandatoryAttributes {
    /// Events that the log has room for, 12 bits.
    pub sel_entries: u16,
    /// A full log makes room for the next event.
    pub sel_rollover: bool,
    /// It is emptied for that. Bit 14, as with OpenBMC; FreeIPMI 1.6.10 looks at bit 13.
    pub flush_all: bool,
    /// Single records go for that. Bit 13, as with OpenBMC; FreeIPMI 1.6.10 looks at bit 12.
    pub flush_records: bool,
    /// A GUID; of revision 1.
    pub guid: bool,
    /// A host name that DHCP is told.
    pub dhcp_host_name: bool,
    /// An asset tag.
    pub asset_tag: bool,
    /// A temperature of the air at the inlet; of revision 1.
    pub inlet: bool,
    /// Temperatures of processors; of revision 1.
    pub processors: bool,
    /// Temperatures of the board; of revision 1.
    pub baseboard: bool,
    /// Seconds between measurements of a temperature; revision 1 does not tell.
    pub sampling_period: Option<u8>,
}

/// Who manages the power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionalAttributes {
    /// Its address, 7 bits: 20h is the BMC (as ipmitool and FreeIPMI read it).
    pub address: u8,
    /// The channel it is on, 4 bits; 0 is the BMC's own.
    pub channel: u8,
    /// Revision of the device, 4 bits.
    pub revision: u8,
}

/// Channels; `None` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessAttributes {
    /// The first LAN channel.
    pub primary_lan: Option<u8>,
    /// The second one.
    pub secondary_lan: Option<u8>,
    /// A serial channel in terminal mode.
    pub serial: Option<u8>,
}

/// A time that power readings are averaged over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AveragePeriod(pub u8);

/// What such times are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
}

impl AveragePeriod {
    /// How many, up to 63.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0 & 0x3f
    }

    /// Of what.
    #[must_use]
    pub const fn unit(self) -> TimeUnit {
        match self.0 >> 6 {
            0 => TimeUnit::Seconds,
            1 => TimeUnit::Minutes,
            2 => TimeUnit::Hours,
            _ => TimeUnit::Days,
        }
    }

    /// In seconds; 0 is "now".
    #[must_use]
    pub const fn seconds(self) -> u32 {
        let unit = match self.unit() {
            TimeUnit::Seconds => 1,
            TimeUnit::Minutes => 60,
            TimeUnit::Hours => 3600,
            TimeUnit::Days => 86_400,
        };
        (self.count() as u32).saturating_mul(unit)
    }
}

/// "No such channel".
const NO_CHANNEL: u8 = 0xff;

impl Capabilities {
    /// The parameter's selector.
    #[must_use]
    pub const fn selector(&self) -> u8 {
        match self {
            Self::Supported(_) => 1,
            Self::Mandatory(_) => 2,
            Self::Optional(_) => 3,
            Self::Access(_) => 4,
            Self::Enhanced(_) => 5,
            Self::Other { selector, .. } => *selector,
        }
    }

    /// Reads the value of a parameter: all that is left.
    pub(super) fn decode(selector: u8, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match selector {
            1 => Self::Supported(SupportedCapabilities::decode(r)?),
            2 => Self::Mandatory(MandatoryAttributes::decode(r)?),
            3 => {
                let [address, place] = r.array("power management device")?;
                let (channel, revision) = (place >> 4, place & 0x0f);
                Self::Optional(OptionalAttributes { address: address >> 1, channel, revision })
            }
            4 => {
                let channel = |number| (number != NO_CHANNEL).then_some(number);
                let [primary_lan, secondary_lan, serial] = r.array("channels")?.map(channel);
                Self::Access(AccessAttributes { primary_lan, secondary_lan, serial })
            }
            5 => {
                let count = r.u8("number of rolling average time periods")?;
                let periods = r.bytes("rolling average time periods", count.into())?;
                Self::Enhanced(periods.iter().copied().map(AveragePeriod).collect())
            }
            _ => Self::Other { selector, data: r.take_rest().to_vec() },
        })
    }
}

impl Encode for Capabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Supported(supported) => supported.encode(out),
            Self::Mandatory(mandatory) => mandatory.encode(out),
            Self::Optional(OptionalAttributes { address, channel, revision }) => {
                out.extend([address << 1, (channel << 4) | (revision & 0x0f)]);
            }
            Self::Access(AccessAttributes { primary_lan, secondary_lan, serial }) => {
                let channels = [primary_lan, secondary_lan, serial];
                out.extend(channels.map(|channel| channel.unwrap_or(NO_CHANNEL)));
            }
            Self::Enhanced(periods) => {
                let count = u8::try_from(periods.len()).unwrap_or(u8::MAX);
                out.push(count);
                out.extend(periods.iter().take(count.into()).map(|period| period.0));
            }
            Self::Other { data, .. } => out.extend(data),
        }
    }
}

impl Encode for SupportedCapabilities {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(bits([self.identification, self.sel, self.chassis_power, self.temperature]));
        out.push(bits([self.power_management]));
        let access = [self.system_interface, self.serial, self.secondary_lan];
        out.push(bits(access) | (bits([self.primary_lan, self.sol, self.vlan]) << 3));
    }
}

impl Decode for SupportedCapabilities {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [platform, optional, access] = r.array("supported capabilities")?;
        Ok(Self {
            identification: bit(platform, 0),
            sel: bit(platform, 1),
            chassis_power: bit(platform, 2),
            temperature: bit(platform, 3),
            power_management: bit(optional, 0),
            system_interface: bit(access, 0),
            serial: bit(access, 1),
            secondary_lan: bit(access, 2),
            primary_lan: bit(access, 3),
            sol: bit(access, 4),
            vlan: bit(access, 5),
        })
    }
}

impl Encode for MandatoryAttributes {
    fn encode(&self, out: &mut Vec<u8>) {
        let flags = bits([self.flush_records, self.flush_all, self.sel_rollover]);
        out.extend(((self.sel_entries & 0x0fff) | (u16::from(flags) << 13)).to_le_bytes());
        out.push(bits([self.guid, self.dhcp_host_name, self.asset_tag]));
        out.push(bits([self.inlet, self.processors, self.baseboard]));
        out.extend(self.sampling_period);
    }
}

impl Decode for MandatoryAttributes {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let sel = r.u16("SEL attributes")?;
        let [identification, temperature] = r.array("platform attributes")?;
        let [_, flags] = sel.to_le_bytes();
        Ok(Self {
            sel_entries: sel & 0x0fff,
            flush_records: bit(flags, 5),
            flush_all: bit(flags, 6),
            sel_rollover: bit(flags, 7),
            guid: bit(identification, 0),
            dhcp_host_name: bit(identification, 1),
            asset_tag: bit(identification, 2),
            inlet: bit(temperature, 0),
            processors: bit(temperature, 1),
            baseboard: bit(temperature, 2),
            sampling_period: r.optional_u8(),
        })
    }
}

fn bits<const N: usize>(flags: [bool; N]) -> u8 {
    flags.into_iter().rev().fold(0, |bits, flag| (bits << 1) | u8::from(flag))
}

const fn bit(byte: u8, number: u8) -> bool {
    byte >> number & 1 == 1
}
