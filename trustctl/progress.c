#include "trustctl/progress.h"

#include <string.h>

#define PROGRESS_WIDTH 30

void
progress_start(struct progress *bar, const struct print *p, const char *label, uint64_t total)
{
	*bar = (struct progress){
		.print = p, .label = label, .total = total, .shown_permille = -1};
}

void
progress_update(struct progress *bar, uint64_t done)
{
	if (!bar->print->progress || bar->total == 0) {
		return;
	}
	uint64_t capped = done < bar->total ? done : bar->total;
	int permille = (int)((double)capped * 1000.0 / (double)bar->total);

	if (permille == bar->shown_permille) {
		return;
	}
	bar->shown_permille = permille;

	char cells[PROGRESS_WIDTH + 1];
	int filled = permille * PROGRESS_WIDTH / 1000;

	memset(cells, ' ', PROGRESS_WIDTH);
	memset(cells, '#', (size_t)filled);
	cells[PROGRESS_WIDTH] = '\0';
	(void)fprintf(bar->print->err, "\r%s [%s] %3d %%", bar->label, cells, permille / 10);
	(void)fflush(bar->print->err);
}

void
progress_end(struct progress *bar)
{
	if (bar->shown_permille >= 0) {
		(void)fputs("\r\033[K", bar->print->err);
		(void)fflush(bar->print->err);
	}
	bar->shown_permille = -1;
}
