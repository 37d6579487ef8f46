//! Other pipes and another mail server for a running notifier. What is the same in
//! both configurations goes on: its reader, its connection, what waits.

use std::rc::Rc;

use scheduler::Scheduler;

use super::pipes::{Pipe, close_pipe, end_reader};
use super::{FifoWish, Host, MailWish, Notifier, SubjectId};
use crate::notify::event::{Event, What};
use crate::notify::letter::Mailbox;

impl<P: Host> Notifier<P> {
    /// Write to these pipes, and to no others. One that stays and has another
    /// reader gets it; a reader that has ended is started again.
    pub fn change_fifos(&mut self, s: &mut Scheduler<P>, wishes: &[FifoWish]) {
        // What was told before is for those who were there.
        self.write_lines(s.now(), usize::MAX);
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pipes)
            .into_iter()
            .partition(|pipe| wishes.iter().any(|wish| pipe.is_for(wish)));
        self.pipes = kept;
        for pipe in &gone {
            close_pipe(s, pipe);
        }
        for wish in wishes {
            match self.pipes.iter().position(|pipe| pipe.is_for(wish)) {
                Some(place) => self.change_reader(s, place, wish),
                None => self.use_fifo(s, wish),
            }
        }
    }

    fn change_reader(&mut self, s: &mut Scheduler<P>, place: usize, wish: &FifoWish) {
        let Some(pipe) = self.pipes.get_mut(place) else {
            return;
        };
        let before = std::mem::replace(&mut pipe.wish, wish.clone());
        if before.script != wish.script {
            pipe.reader.take().into_iter().for_each(end_reader);
        }
        if let (None, Some(script)) = (pipe.reader, &wish.script) {
            let number = pipe.number;
            self.start_reader(s, number, script);
        }
    }

    /// Send mails like this, or none. Those that wait take the new way.
    pub fn change_mail(&mut self, s: &mut Scheduler<P>, wish: Option<MailWish>) {
        match (&mut self.mail, wish) {
            (Some(mail), Some(wish)) => {
                mail.from = Mailbox::new(&wish.from);
                mail.to = wish.to.iter().map(|to| Mailbox::new(to)).collect();
                mail.courier.change_route(wish.route.clone());
                mail.wish = wish;
            }
            (None, Some(wish)) => self.use_mail(wish),
            (_, None) => {
                let mail = self.mail.take();
                let connection = mail.and_then(|mail| mail.connection);
                if let Some((_stream, watched)) = connection {
                    s.unwatch(watched);
                }
            }
        }
    }

    /// Write a state to the pipes once more; nothing else is told of it.
    pub fn write_state(&mut self, id: SubjectId, what: What, priority: u8) {
        let Some(subject) = self.subjects.get(id.0) else {
            return;
        };
        if self.pipes.is_empty() {
            return;
        }
        let name = Rc::clone(&subject.name);
        let event = Event {
            kind: subject.kind,
            name: &name,
            of: None,
            what,
            priority,
            cause: "",
        };
        self.lines.push_back(event.to_string());
        self.has_news = true;
    }
}

impl<P> Pipe<P> {
    /// Whether it is the pipe that is wished for, whoever reads it.
    fn is_for(&self, wish: &FifoWish) -> bool {
        self.wish.path == wish.path && self.wish.owner == wish.owner
    }
}
