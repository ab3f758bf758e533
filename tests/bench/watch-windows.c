/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tells when top-level windows appear on the display: a line for each, with the moment on
 * CLOCK_MONOTONIC in ns, as soon as the X server says so.
 *
 *   mapped ID NS     the server has mapped it
 *   painted ID NS    and at least half of it has been drawn to since
 *   unmapped ID NS
 *
 * Without a window manager: what hangs below the root is a program's own window.
 */
#include <X11/Xlib.h>
#include <X11/extensions/Xdamage.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_WINDOWS 64

struct window {
    Window id; /* 0: free */
    bool is_mapped, is_painted;
    unsigned long size, drawn; /* pixels */
};

static struct window windows[MAX_WINDOWS];

static struct window *
find(Window id)
{
    for (size_t i = 0; i < MAX_WINDOWS; i++) {
        if (windows[i].id == id)
            return &windows[i];
    }
    return NULL;
}

static void
tell(const char *what, Window id)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%s %lu %lld\n", what, id, (long long)now.tv_sec * 1000000000 + now.tv_nsec);
    fflush(stdout);
}

/* Before it is mapped, so that no drawing is missed. */
static void
on_create(Display *display, const XCreateWindowEvent *event)
{
    struct window *window = find(None);

    if (window == NULL)
        return;
    *window = (struct window){
        .id = event->window,
        .size = (unsigned long)event->width * (unsigned long)event->height,
    };
    XDamageCreate(display, event->window, XDamageReportRawRectangles);
}

static void
on_map(Window id, bool is_mapped)
{
    struct window *window = find(id);

    if (window == NULL)
        return;
    window->is_mapped = is_mapped;
    window->is_painted = false;
    window->drawn = 0;
    tell(is_mapped ? "mapped" : "unmapped", id);
}

static void
on_damage(const XDamageNotifyEvent *event)
{
    struct window *window = find(event->drawable);

    if (window == NULL || !window->is_mapped || window->is_painted)
        return;
    window->drawn += (unsigned long)event->area.width * event->area.height;
    if (window->drawn < window->size / 2)
        return;
    window->is_painted = true;
    tell("painted", window->id);
}

static void
handle(Display *display, const XEvent *event, int damage)
{
    struct window *window;

    if (event->type == damage + XDamageNotify) {
        on_damage((const XDamageNotifyEvent *)event);
        return;
    }
    switch (event->type) {
    case CreateNotify:
        on_create(display, &event->xcreatewindow);
        break;
    case ConfigureNotify:
        window = find(event->xconfigure.window);
        if (window != NULL)
            window->size =
                (unsigned long)event->xconfigure.width * (unsigned long)event->xconfigure.height;
        break;
    case MapNotify:
        on_map(event->xmap.window, true);
        break;
    case UnmapNotify:
        on_map(event->xunmap.window, false);
        break;
    case DestroyNotify:
        window = find(event->xdestroywindow.window);
        if (window != NULL)
            window->id = None;
        break;
    default:
        break;
    }
}

/* A window may be gone before we ask for its damage. */
static int
on_error(Display *display, XErrorEvent *error)
{
    return 0;
}

int
main(void)
{
    Display *display = XOpenDisplay(NULL);
    int damage, errors;

    if (display == NULL || !XDamageQueryExtension(display, &damage, &errors)) {
        fprintf(stderr, "watch-windows: no display with the DAMAGE extension\n");
        return EXIT_FAILURE;
    }
    XSetErrorHandler(on_error);
    XSelectInput(display, DefaultRootWindow(display), SubstructureNotifyMask);
    XSync(display, False);
    printf("watching\n");
    fflush(stdout);
    for (;;) {
        XEvent event;

        XNextEvent(display, &event);
        handle(display, &event, damage);
    }
}
