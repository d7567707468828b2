//! What has come and gone over the LAN, and ARPs that the host takes over.

use ipmi_wire::Channel;
use ipmi_wire::cmd::transport::{
    ArpControl, GetIpUdpRmcpStatistics, IpUdpRmcpStatistics, SuspendBmcArps,
};

use crate::bmc::Bmc;
use crate::error::Error;
use crate::outcome::{Done, Observation, Outcome, Verdict};

/// Counters that were cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatisticsCleared {
    /// What they were before.
    pub before: IpUdpRmcpStatistics,
    /// How that is known.
    pub done: Done,
}

impl Bmc {
    /// How many packets came and went.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn lan_statistics(&self, channel: Channel) -> Result<IpUdpRmcpStatistics, Error> {
        self.send(&GetIpUdpRmcpStatistics { channel, clear: false }).await
    }

    /// Lets all counters start again at 0. It is sent once, because counters that are cleared twice
    /// have lost something; if the answer is lost, counters that are lower than before prove it.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`ErrorKind::AnswerLost`](crate::ErrorKind::AnswerLost) if the answer was
    /// lost and nothing proves that it happened.
    pub async fn clear_lan_statistics(&self, channel: Channel) -> Result<StatisticsCleared, Error> {
        let before = self.lan_statistics(channel).await?;
        let error = match self.send(&GetIpUdpRmcpStatistics { channel, clear: true }).await {
            Ok(before) => return Ok(StatisticsCleared { before, done: Done::Accepted }),
            Err(error) if error.leaves_doubt() => error,
            Err(error) => return Err(error),
        };
        let seen = match self.lan_statistics(channel).await {
            Ok(now) => {
                let (was, is) = (before.ip_received, now.ip_received);
                let seen = format!("{is} IP packets received, {was} before the request");
                // They only ever grow; how many came since nobody knows.
                Observation::of::<GetIpUdpRmcpStatistics>(seen)
                    .proving_if(is < was, Verdict::Happened)
            }
            Err(error) => Observation::failed::<GetIpUdpRmcpStatistics>(&error),
        };
        let outcome = Outcome::of(vec![seen]).settle(error)?;
        Ok(StatisticsCleared { before, done: Done::Proven(outcome) })
    }

    /// Keeps the BMC from sending gratuitous ARPs, from answering requests, or from both, because the
    /// host's own driver does it; what is not suspended goes on. It ends with a reset of the machine
    /// or of the BMC. Returns what the BMC does now.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn suspend_arps(
        &self,
        channel: Channel,
        suspend: ArpControl,
    ) -> Result<ArpControl, Error> {
        self.send(&SuspendBmcArps { channel, suspend }).await.map(|answer| answer.occurring)
    }
}
