//! `lan` as it is typed.

mod settings;
mod words;

use std::net::Ipv4Addr;

use clap::{Args, Subcommand, ValueEnum};
use ipmi_client::lan::LanSetting;
use ipmi_wire::Channel;
use ipmi_wire::cmd::transport::MacAddress;

pub(crate) use settings::LanSettings;
use words::{alert_ip, channel, destination, mac, retries};

#[derive(Debug, Subcommand)]
pub(crate) enum Lan {
    /// How a LAN channel is set up
    #[command(alias = "print")]
    Show {
        /// Number, or E for the one that the session is on [default: E, else the first LAN]
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
        /// IPv6, too
        #[arg(long)]
        ipv6: bool,
        /// Alert destinations, too
        #[arg(long)]
        alerts: bool,
        /// All of it: UDP ports and the VLAN tags of alert destinations, too
        #[arg(long)]
        all: bool,
    },
    /// Change how a LAN channel is set up, in one transaction
    #[command(after_help = SET)]
    Set(Box<LanSet>),
    /// Where alerts are sent
    #[command(subcommand)]
    Alert(LanAlert),
    /// How many packets came and went
    Stats {
        /// Number, or E for the one that the session is on [default: E, else the first LAN]
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
        /// Let all counters start again at 0: what they were is shown, and gone
        #[arg(long)]
        clear: bool,
    },
    /// ARPs that the BMC sends and answers by itself
    #[command(subcommand)]
    Arp(LanArp),
}

#[derive(Debug, Args)]
pub(crate) struct LanSet {
    /// Number, or E for the one that the session is on [default: E, else the first LAN]
    #[arg(value_parser = channel)]
    pub(crate) channel: Option<Channel>,
    #[command(flatten)]
    pub(crate) settings: LanSettings,
    #[command(flatten)]
    pub(crate) how: How,
}

/// How something is set.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct How {
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask, although the BMC may be out of reach afterwards
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Go on although somebody else has setting under way (81h)
    #[arg(long)]
    pub(crate) ignore_lock: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LanAlert {
    /// Every destination
    #[command(alias = "print")]
    List {
        /// Number, or E for the one that the session is on [default: E, else the first LAN]
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
        /// With their VLAN tags
        #[arg(long)]
        vlan: bool,
    },
    /// Change a destination
    Set(AlertSet),
}

#[derive(Debug, Args)]
pub(crate) struct AlertSet {
    /// Which, 0 to 15; 0 is forgotten with the next restart
    #[arg(value_parser = destination)]
    pub(crate) destination: u8,
    /// Number, or E for the one that the session is on [default: E, else the first LAN]
    #[arg(value_parser = channel)]
    pub(crate) channel: Option<Channel>,
    #[command(flatten)]
    pub(crate) settings: AlertSettings,
    #[command(flatten)]
    pub(crate) how: How,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
#[command(next_help_heading = "Settings")]
pub(crate) struct AlertSettings {
    /// Its address
    #[arg(long, value_name = "ADDRESS", value_parser = alert_ip)]
    address: Option<Ipv4Addr>,
    /// Its MAC address
    #[arg(long, value_parser = mac)]
    mac: Option<MacAddress>,
    /// How it is reached
    #[arg(long)]
    gateway: Option<Gateway>,
    /// What alerts are sent as: a platform event trap, or one of the maker's own
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<AlertType>,
    /// Whether it acknowledges alerts
    #[arg(long, value_name = "on|off")]
    acknowledge: Option<OnOff>,
    /// Seconds to wait for that, or between retries
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u8>,
    /// How often an alert is sent again, 0 to 7
    #[arg(long, value_parser = retries)]
    retries: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gateway {
    Default,
    Backup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AlertType {
    Pet,
    Oem1,
    Oem2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnOff {
    On,
    Off,
}

impl OnOff {
    fn is_on(self) -> bool {
        self == Self::On
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum LanArp {
    /// Let the host's own driver do it, until the machine or the BMC is reset
    Suspend {
        /// Number, or E for the one that the session is on [default: E, else the first LAN]
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
        /// Only gratuitous ARPs
        #[arg(long, conflicts_with = "responses")]
        gratuitous: bool,
        /// Only answers to requests
        #[arg(long)]
        responses: bool,
        /// Do not ask, although the BMC may be out of reach afterwards
        #[arg(long, short)]
        yes: bool,
    },
    /// Let the BMC do again what parameter 10 says
    Resume {
        /// Number, or E for the one that the session is on [default: E, else the first LAN]
        #[arg(value_parser = channel)]
        channel: Option<Channel>,
    },
}

impl AlertSettings {
    /// What was given, of this destination.
    pub(crate) fn given(&self, destination: u8) -> Vec<LanSetting> {
        use LanSetting as S;
        let kind = |kind| match kind {
            AlertType::Pet => 0,
            AlertType::Oem1 => 6,
            AlertType::Oem2 => 7,
        };
        let Self { address, mac, gateway, acknowledge, timeout, retries, .. } = self;
        [
            address.map(|ip| S::AlertIp { destination, ip }),
            mac.map(|mac| S::AlertMac { destination, mac }),
            gateway.map(|gateway| S::AlertByBackup {
                destination,
                backup: gateway == Gateway::Backup,
            }),
            self.kind.map(|of| S::AlertKind { destination, kind: kind(of) }),
            acknowledge.map(|on| S::AlertAcknowledged { destination, acknowledged: on.is_on() }),
            timeout.map(|seconds| S::AlertTimeout { destination, seconds }),
            retries.map(|retries| S::AlertRetries { destination, retries }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

const SET: &str = "\
Only what differs is written. Setting in progress is claimed before and released after, whatever
happens; what was written is read back, and a BMC that did not keep it is named. If a setting is
refused, those before it are taken back.

What may put the BMC out of reach of this very session asks first: --yes answers beforehand.

Examples:
  lantern -H bmc lan set --source static --address 192.0.2.5 --netmask /24 --gateway 192.0.2.1
  lantern -H bmc lan set --cipher-privilege 0=off,1=off,2=off,3=administrator --dry-run
  lantern -H bmc lan set --vlan off";
