"""Every elementwise optimiser: its formula, its citation, its defaults."""

from __future__ import annotations

from numpy import maximum, minimum, sign, sqrt, where

from .lift import rule


@rule
def GD(g, lr=0.01):
    """Gradient descent: Cauchy (1847), Comptes Rendus 25, 536-538."""
    return -lr * g


@rule
def Momentum(g, m, lr=0.01, beta=0.9):
    """Heavy ball: Polyak (1964), eq. 9, as Sutskever et al. (2013) write it with lr outside the average."""
    m = beta * m + g
    return -lr * m, m


@rule
def Nesterov(g, m, lr=0.01, beta=0.9):
    """Accelerated gradient: Nesterov (1983); the form in x of Sutskever et al. (2013), eq. 3-4."""
    m = beta * m + g
    return -lr * (g + beta * m), m


@rule
def AdaGrad(g, v, lr=0.01, eps=1e-10):
    """AdaGrad: Duchi, Hazan & Singer (2011), the diagonal update of Figure 1."""
    v = v + g**2
    return -lr * g / (sqrt(v) + eps), v


@rule
def RMSProp(g, v, lr=0.01, rho=0.99, eps=1e-8):
    """RMSProp: Tieleman & Hinton (2012), Lecture 6.5 of Neural Networks for Machine Learning."""
    v = rho * v + (1 - rho) * g**2
    return -lr * g / (sqrt(v) + eps), v


@rule
def Adam(g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: Kingma & Ba (2015), Algorithm 1."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * m_hat / (sqrt(v_hat) + eps), m, v


@rule
def CenteredRMSProp(g, v, mean, lr=0.01, rho=0.99, eps=1e-8):
    """RMSProp with the variance in place of the second moment: Graves (2013), eq. 38-41, without its momentum."""
    v = rho * v + (1 - rho) * g**2
    mean = rho * mean + (1 - rho) * g
    return -lr * g / (sqrt(v - mean**2) + eps), v, mean


@rule
def Adadelta(g, v, u, lr=1.0, rho=0.9, eps=1e-6):
    """Adadelta: Zeiler (2012), Algorithm 1; lr = 1 is the paper's."""
    v = rho * v + (1 - rho) * g**2
    delta = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * delta**2
    return -lr * delta, v, u


@rule
def AdamW(x, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    """Adam with decoupled weight decay: Loshchilov & Hutter (2019), Algorithm 2, decay scaled by lr as in torch."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * (m_hat / (sqrt(v_hat) + eps) + decay * x), m, v


@rule
def AMSGrad(g, m, v, u, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """AMSGrad: Reddi, Kale & Kumar (2018), Algorithm 2, with Adam's bias correction of the step as in torch.

    optax corrects v before the maximum is taken, which gives another trajectory.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    u = maximum(u, v)
    m_hat = m / (1 - beta1**t)
    u_hat = u / (1 - beta2**t)
    return -lr * m_hat / (sqrt(u_hat) + eps), m, v, u


@rule
def NAdam(g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam with Nesterov's momentum: Dozat (2016), Algorithm 2, with constant beta1 as in optax.

    torch lets beta1 rise with t, which gives another trajectory.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * m_hat / (sqrt(v_hat) + eps), m, v


@rule
def RAdam(g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Rectified Adam: Liu et al. (2020), Algorithm 2; the threshold 5 for the paper's 4 is its authors' code's."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    rho_max = 2 / (1 - beta2) - 1
    rho = rho_max - 2 * t * beta2**t / (1 - beta2**t)
    r = sqrt(maximum((rho - 4) * (rho - 2) * rho_max / ((rho_max - 4) * (rho_max - 2) * rho), 0))
    return -lr * m_hat * where(rho > 5, r / (sqrt(v_hat) + eps), 1), m, v


@rule
def AdaMax(g, m, u, t, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam by the largest gradient: Kingma & Ba (2015), Algorithm 2; eps, as in torch and optax, in the maximum."""
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, abs(g) + eps)
    m_hat = m / (1 - beta1**t)
    return -lr * m_hat / u, m, u


@rule
def AdaBelief(g, m, s, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-16):
    """AdaBelief: Zhuang et al. (2020), Algorithm 2."""
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return -lr * m_hat / (sqrt(s_hat) + eps), m, s


@rule
def Yogi(g, m, v, t, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-3, start=1e-6):
    """Yogi: Zaheer et al. (2018), Algorithm 2; moments begin at `start` and are corrected as in optax."""
    m = beta1 * where(t > 1, m, start) + (1 - beta1) * g
    v = where(t > 1, v, start)
    v = v - (1 - beta2) * sign(v - g**2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * m_hat / (sqrt(v_hat) + eps), m, v


@rule
def Adan(x, g, m, d, v, old, t, lr=0.001, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, decay=0.0):
    """Adan: Xie et al. (2022), Algorithm 1, with the bias correction of the authors' code, as in optax."""
    change = where(t > 1, g - old, 0)
    m = beta1 * m + (1 - beta1) * g
    d = beta2 * d + (1 - beta2) * change
    v = beta3 * v + (1 - beta3) * (g + beta2 * change) ** 2
    m_hat = m / (1 - beta1**t)
    d_hat = d / (1 - beta2**t)
    v_hat = v / (1 - beta3**t)
    step = -lr * (m_hat + beta2 * d_hat) / (sqrt(v_hat) + eps)
    return (step - lr * decay * x) / (1 + lr * decay), m, d, v, g


@rule
def Lion(x, g, m, lr=1e-4, beta1=0.9, beta2=0.99, decay=0.0):
    """Lion: Chen et al. (2023), Algorithm 2; without weight decay unless asked for."""
    direction = sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    return -lr * (direction + decay * x), m


@rule
def SignSGD(g, lr=0.001):
    """Steps by the sign alone: Bernstein et al. (2018), Algorithm 1."""
    return -lr * sign(g)


@rule
def Rprop(g, old, width, t, lr=0.01, up=1.2, down=0.5, least=1e-6, most=50.0):
    """Resilient propagation: Riedmiller & Braun (1993), in the form iRprop- of Igel & Hüsken (2000)."""
    width = where(t > 1, width, lr)
    agreement = sign(g * old)
    width = where(agreement > 0, up * width, where(agreement < 0, down * width, width))
    width = minimum(maximum(width, least), most)
    old = where(agreement < 0, 0, g)
    return -sign(old) * width, old, width


@rule
def COCOB(x, g, start, largest, total, reward, bet, t, lr=1.0, alpha=100.0, eps=1e-8):
    """Coin betting, without a rate: Orabona & Tommasi (2017), Algorithm 2; lr = 1 is the paper's, eps that of optax."""
    start = where(t > 1, start, x)
    largest = maximum(maximum(largest, abs(g)), eps)
    total = total + abs(g)
    reward = maximum(reward - g * (x - start), 0)
    bet = bet - g
    away = bet / (largest * maximum(total + largest, alpha * largest)) * (largest + reward)
    return lr * (start + away - x), start, largest, total, reward, bet


@rule
def ScheduleFreeGD(x, g, z, mean, t, lr=0.1, beta=0.9):
    """Schedule-free SGD: Defazio et al. (2024), eq. 7-9; x is the paper's y, where the gradient is taken."""
    z = where(t > 1, z, x) - lr * g
    mean = where(t > 1, mean, x)
    mean = mean + (z - mean) / (t + 1)
    return (1 - beta) * z + beta * mean - x, z, mean


@rule
def ScheduleFreeAdam(x, g, z, mean, v, t, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    """Schedule-free Adam: Defazio et al. (2024), Algorithm 1, without warm-up and decay; x is the paper's y."""
    v = beta2 * v + (1 - beta2) * g**2
    v_hat = v / (1 - beta2**t)
    z = where(t > 1, z, x) - lr * g / (sqrt(v_hat) + eps)
    mean = where(t > 1, mean, x)
    mean = mean + (z - mean) / t
    return (1 - beta1) * z + beta1 * mean - x, z, mean, v
