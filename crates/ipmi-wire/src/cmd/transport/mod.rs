//! NetFn Transport (0Ch): how the LAN and serial over LAN are configured.

mod lan_ipv6;
mod lan_parameter;
mod lan_values;
mod sol_parameter;

pub use lan_ipv6::{
    AddressStatus, AddressingEnables, DuidBlock, Ipv6DynamicAddress, Ipv6Source, Ipv6StaticAddress,
    Ipv6Status, Ipv6Support, RouterControl, RouterField, TimingBlock, TimingSupport,
};
pub use lan_parameter::LanParameter;
pub(in crate::cmd) use lan_parameter::{progress, progress_number};
pub use lan_values::{
    AddressSource, AlertAddress, ArpControl, AuthTypeEnables, BadPasswordThreshold,
    CipherSuitePrivileges, DestinationAddress, DestinationType, DestinationVlan, Ipv4Header,
    MacAddress, Vlan,
};
pub use sol_parameter::{BitRate, SolAuthentication, SolParameter};

use crate::command::commands;

commands! {
    set_lan_configuration_parameters: SetLanConfigurationParameters;
    get_lan_configuration_parameters: GetLanConfigurationParameters;
    suspend_bmc_arps: SuspendBmcArps;
    get_ip_udp_rmcp_statistics: GetIpUdpRmcpStatistics;
    set_sol_configuration_parameters: SetSolConfigurationParameters;
    get_sol_configuration_parameters: GetSolConfigurationParameters;
}

use crate::completion::CompletionCode;

/// What the parameter commands of this network function, and PEF's, say beyond the generic codes.
/// IPMI v2.0 §23.1, §26.2, §30.3.
pub(in crate::cmd) fn explain_set(code: CompletionCode) -> Option<&'static str> {
    Some(match code.0 {
        0x80 => "the controller does not have this parameter",
        0x81 => "somebody else has setting under way",
        0x82 => "the parameter cannot be written",
        0x83 => "the parameter can only be written",
        _ => return None,
    })
}

/// Bit 7 of the channel byte: only the revision is asked for.
const REVISION_ONLY: u8 = 0x80;

/// The revision of the parameters in IPMI v2.0: 1, and backward compatible to 1.
const REVISION: u8 = 0x11;
