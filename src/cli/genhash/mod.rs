//! `genhash`: the digest of a page, as `HTTP_GET` and `SSL_GET` compare it.
//!
//! It asks as they do and reads the answer by the same machines, so that what it prints
//! is what belongs into a `digest` line. Options, texts and the verbose output are
//! those of the C program. What is different: the status is 1 if there is no digest,
//! and an answer that such a check would not accept as whole gives none.

mod fetch;
mod manual;
pub(in crate::cli) mod options;
mod report;

use scheduler::{Clock as _, SystemClock};

use super::{FATAL, complain, say, tell};
use crate::check::http::digest::{BodyDigest, to_hex};
use crate::check::http::request;
use crate::model::version;

use fetch::{Failure, Seen};
use options::{Job, Task};

/// Be genhash. `program` is its name for the usage text.
#[must_use]
pub fn run(program: &str, words: &[String]) -> u8 {
    match options::read(words) {
        Ok(Task::Fetch(job)) => fetch_page(&job),
        Ok(Task::Release) => tell(&format!("{}\n", release())),
        Ok(Task::Help) => usage(program),
        Err(mistake) => {
            mistake.map(|mistake| complain(&mistake));
            usage(program)
        }
    }
}

fn usage(program: &str) -> u8 {
    tell(&options::usage(program));
    FATAL
}

fn release() -> String {
    version::line().replacen("Keepalived", "genhash", 1)
}

fn fetch_page(job: &Job) -> u8 {
    let clock = SystemClock;
    let begin = clock.now();
    let status = match digest_of_page(job) {
        Ok(digest) => {
            if job.verbose {
                say(&report::result(&digest));
            } else {
                say(&to_hex(&digest));
            }
            0
        }
        Err(Failure::Nothing) => complain("no data received from remote webserver"),
        Err(failure) => {
            say(&failure.to_string());
            FATAL
        }
    };
    if job.verbose {
        let took = clock.now().since(begin).as_micros();
        say(&format!(
            "\nGlobal response time for [{}] = {took} usecs",
            job.path
        ));
    }
    status
}

fn digest_of_page(job: &Job) -> Result<Vec<u8>, Failure> {
    let own_host = || request::host(job.server, job.tls);
    let host = job.host.clone().unwrap_or_else(own_host);
    let question = request::write(job.version, &job.path, &host);
    let mut digest = BodyDigest::new(job.algorithm);
    let mut has_body = false;
    fetch::fetch(job, &question, |seen| match seen {
        Seen::Head(head) => {
            if job.verbose {
                say(&report::head(head));
            }
        }
        Seen::Body(body) => {
            digest.feed(body);
            if job.verbose {
                super::print(&report::body(body, !has_body));
            }
            has_body = true;
        }
    })?;
    Ok(digest.finish())
}
