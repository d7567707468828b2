//! Our client and the peers, side by side.

use ipmi_client::{Credentials, Endpoint};
use lantern_testkit::peers::{FreeIpmi, IpmiSim, Ipmitool};

use super::Bmc;

/// Our client and the peers at one BMC.
pub struct Pair {
    pub client: ipmi_client::Bmc,
    pub ipmitool: Ipmitool,
    pub freeipmi: FreeIpmi,
    pub endpoint: Endpoint,
}

impl Pair {
    pub fn at(bmc: &Bmc) -> Option<Self> {
        let ipmitool = bmc.ipmitool(17)?;
        let freeipmi = bmc.freeipmi(17)?;
        let (endpoint, client) = super::client_at(bmc.addr);
        Some(Self { client, ipmitool, freeipmi, endpoint })
    }

    pub fn at_sim(sim: &IpmiSim) -> Option<Self> {
        let admin = sim.machine().accounts[0].clone();
        let ipmitool = Ipmitool::new(sim.addr(), &admin.name, &admin.password)?.suite(3);
        // The simulator answers Open Session with privilege 0, which FreeIPMI takes only when told.
        let freeipmi = FreeIpmi::new(sim.addr(), &admin.name, &admin.password)?;
        let freeipmi = freeipmi.options(["-W", "opensesspriv"]);
        let endpoint = Endpoint::bind().unwrap();
        let credentials = Credentials::new(admin.name.as_bytes(), admin.password.as_bytes());
        let client = ipmi_client::Bmc::new(&endpoint, sim.addr(), credentials.unwrap());
        Some(Self { client, ipmitool, freeipmi, endpoint })
    }
}
