// The few things that make the pages quicker. Every page works without them; each module finds its own elements.
import { start as preview } from './preview.js';
import { start as autosave } from './autosave.js';
import { start as counters } from './counters.js';
import { start as copy } from './copy.js';
import { start as shortcuts } from './shortcuts.js';
import { start as poll } from './poll.js';
import { start as confirmation } from './confirm.js';
import { start as times } from './times.js';
import { start as toolbar } from './toolbar.js';
import { start as focus } from './focus.js';
import { start as again } from './again.js';
import { start as completing } from './completing.js';

const parts = [toolbar, preview, autosave, counters, copy, shortcuts, poll, confirmation, times, focus, again, completing];
for (const start of parts) start();
